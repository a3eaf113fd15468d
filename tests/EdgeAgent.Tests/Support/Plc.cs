using System.Text;
using System.Text.Json.Nodes;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Xunit;

namespace Edge.Tests.Support;

internal sealed record Heard(string Topic, byte[] Payload, MqttApplicationMessage Message)
{
    /// <summary>Last part of the topic.</summary>
    public string Kind => Topic[(Topic.LastIndexOf('/') + 1)..];
    public string Text => Encoding.UTF8.GetString(Payload);
    public JsonNode Json => JsonNode.Parse(Payload)!;
    public string? this[string member] => Json[member]?.ToString();
}

/// <summary>The other side of the line: sends triggers, hears everything, waits for what it needs to hear.</summary>
internal sealed class Plc : IAsyncDisposable
{
    private readonly IMqttClient client = new MqttClientFactory().CreateMqttClient();
    private readonly TestBroker broker;
    private readonly List<Heard> heard = [];
    private TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Plc(TestBroker broker)
    {
        this.broker = broker;
        client.ApplicationMessageReceivedAsync += received =>
        {
            MqttApplicationMessage message = received.ApplicationMessage;
            lock (heard)
            {
                heard.Add(new Heard(message.Topic, System.Buffers.BuffersExtensions.ToArray(message.Payload), message));
                TaskCompletionSource signal = more;
                more = new(TaskCreationOptions.RunContinuationsAsynchronously);
                signal.SetResult();
            }
            return Task.CompletedTask;
        };
    }

    public static async Task<Plc> ConnectAsync(TestBroker broker)
    {
        Plc plc = new(broker);
        await plc.ReconnectAsync();
        return plc;
    }

    public async Task ReconnectAsync()
    {
        MqttClientOptions options = new MqttClientOptionsBuilder()
            .WithTcpServer("127.0.0.1", broker.Port).WithProtocolVersion(MqttProtocolVersion.V500).WithClientId("plc").WithCleanStart(false).WithSessionExpiryInterval(3600)
            .WithReceiveMaximum(1000).Build();
        while (true)
        {
            try
            {
                if (!client.IsConnected) await client.ConnectAsync(options, Cancel);
                await client.SubscribeAsync(new MqttClientSubscribeOptionsBuilder().WithTopicFilter("edge/#", MqttQualityOfServiceLevel.AtLeastOnce).Build(), Cancel);
                return;
            }
            catch (Exception e) when (e is InvalidOperationException or MQTTnet.Exceptions.MqttCommunicationException)
            {
                await Task.Delay(10, Cancel);   // the old connection is still being taken down
            }
        }
    }

    public static string Text(MqttApplicationMessage message) => Encoding.UTF8.GetString(System.Buffers.BuffersExtensions.ToArray(message.Payload));

    public Task TriggerAsync(string jobId, string more = "", string station = "cam1") => SendAsync(Encoding.UTF8.GetBytes($$"""{"jobId":"{{jobId}}"{{more}}}"""), station: station);

    public Task SendAsync(string payload) => SendAsync(Encoding.UTF8.GetBytes(payload));

    public Task SendAsync(byte[] payload, bool retain = false, string station = "cam1") => client.PublishAsync(
        new MqttApplicationMessageBuilder().WithTopic($"edge/line1/{station}/trigger").WithPayload(payload).WithRetainFlag(retain).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), Cancel);

    /// <summary>MQTT 5 request and response.</summary>
    public async Task<Heard> RequestAsync(string command)
    {
        byte[] correlation = Guid.NewGuid().ToByteArray();
        await CommandAsync(command, "edge/line1/cam1/response/plc", correlation);
        return await HearAsync("plc", h => h.Message.CorrelationData.AsSpan().SequenceEqual(correlation));
    }

    public Task CommandAsync(string command, string responseTopic, byte[] correlation) => client.PublishAsync(
        new MqttApplicationMessageBuilder().WithTopic("edge/line1/cam1/command").WithPayload(command).WithResponseTopic(responseTopic).WithCorrelationData(correlation)
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), Cancel);

    public IReadOnlyList<Heard> All(string kind)
    {
        lock (heard) return [.. heard.Where(h => h.Kind == kind)];
    }

    /// <summary>What was heard until now is not heard any more.</summary>
    public void Forget()
    {
        lock (heard) heard.Clear();
    }

    /// <summary>The first message of a kind that fits, heard already or still to come.</summary>
    public async Task<Heard> HearAsync(string kind, Func<Heard, bool>? fits = null)
    {
        Heard? found = null;
        await UntilAsync(() => (found = All(kind).FirstOrDefault(h => fits?.Invoke(h) ?? true)) is not null, $"'{kind}'");
        return found!;
    }

    public Task<Heard> VerdictAsync(string jobId) => HearAsync("verdict", h => h["jobId"] == jobId);

    /// <summary>Looks after every message.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            Task next;
            lock (heard)
            {
                if (condition()) return;
                next = more.Task;
            }
            try
            {
                await next.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
            {
                Assert.Fail($"never heard {what}; heard:\n{string.Join('\n', All("status").Concat(All("model")).Concat(All("verdict").TakeLast(20)).Select(h => $"{h.Topic} {h.Text}"))}");
            }
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (client.IsConnected) await client.DisconnectAsync(new MqttClientDisconnectOptions());
        client.Dispose();
    }
}
