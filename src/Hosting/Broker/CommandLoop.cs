using System.Buffers;
using System.Threading.Channels;
using MQTTnet;
using MQTTnet.Protocol;

namespace Edge.Hosting;

/// <summary>
/// MQTT 5 request and response: one command after the other, each answered on the topic that it names, with its correlation data. That
/// topic must lie below <c>response/</c>: else a command could make the agent speak on <c>verdict</c>.
/// </summary>
/// <param name="responses">What every response topic begins with.</param>
internal sealed partial class CommandLoop<T>(string responses, ICommands<T> commands, TimeProvider time, ILogger log) where T : class
{
    private const int Waiting = 8, MaxTopic = 256, MaxCorrelation = 256;

    private readonly Channel<Request> queue = Channel.CreateBounded<Request>(new BoundedChannelOptions(Waiting) { SingleReader = true });
    private readonly Occasional invalid = new(time), busy = new(time);

    private sealed record Request(T? Command, string? Why, string? Topic, byte[]? Correlation);

    public long Invalid => invalid.Count;

    public void Receive(MqttApplicationMessage message, Action acknowledge)
    {
        acknowledge();
        T? command = commands.Parse(message.Payload, out string? why);
        string? topic = message.ResponseTopic is { Length: > 0 } named ? named : null;
        if (topic is not null && !IsOurs(topic)) (command, why, topic) = (null, $"its response topic is not below {responses}", null);
        if (message.CorrelationData?.Length > MaxCorrelation) (command, why, topic) = (null, $"its correlation data is longer than {MaxCorrelation} bytes", null);
        if (command is null && invalid.Add(out long more)) LogInvalid(message.Payload.Length, why!, more);
        if (command is null && topic is null) return;
        if (!queue.Writer.TryWrite(new Request(command, why, topic, message.CorrelationData)) && busy.Add(out more)) LogBusy(more);
    }

    public async Task RunAsync(BrokerLink link, CancellationToken stop)
    {
        await foreach (Request request in queue.Reader.ReadAllAsync(stop).ConfigureAwait(false))
        {
            long start = time.GetTimestamp();
            string? reason = request.Command is null ? request.Why : commands.Execute(request.Command);
            if (request.Command is { } done) LogDone(done, reason ?? "done");
            if (request.Topic is null) continue;
            byte[] answer = commands.Answer(request.Command, reason, time.GetElapsedTime(start));
            try
            {
                await link.PublishAsync(
                    new MqttApplicationMessage
                    {
                        Topic = request.Topic,
                        Payload = new ReadOnlySequence<byte>(answer),
                        CorrelationData = request.Correlation,
                        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                        ContentType = "application/json",
                    },
                    stop).ConfigureAwait(false);
            }
            catch (EdgeException)
            {
                // Whoever asked hears nothing and looks at the retained topics.
            }
        }
    }

    private bool IsOurs(string topic) =>
        topic.Length is <= MaxTopic and > 0 && topic.Length > responses.Length && topic.StartsWith(responses, StringComparison.Ordinal) && !topic.Any(c => c is '+' or '#' || char.IsControl(c));

    [LoggerMessage(Level = LogLevel.Information, Message = "command {Command}: {Outcome}")]
    private partial void LogDone(T command, string outcome);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a message of {Bytes} bytes is no command: {Why} ({More} more since the last such line)")]
    private partial void LogInvalid(long bytes, string why, long more);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a command is not looked at: too many wait ({More} more since the last such line)")]
    private partial void LogBusy(long more);
}

/// <summary>What a program can be told to do.</summary>
internal interface ICommands<T> where T : class
{
    /// <summary>Null, and why, when it is not a command.</summary>
    T? Parse(ReadOnlySequence<byte> payload, out string? why);

    /// <summary>Null when it is done; else why not, and nothing has changed. One at a time.</summary>
    string? Execute(T command);

    /// <returns>JSON.</returns>
    byte[] Answer(T? command, string? reason, TimeSpan took);
}
