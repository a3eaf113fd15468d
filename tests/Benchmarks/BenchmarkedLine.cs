using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Edge.Agent;
using Edge.Agent.Capture;
using Edge.Agent.Configuration;
using Edge.Agent.Demo;
using Microsoft.Extensions.Logging;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Edge.Benchmarks;

/// <summary>What the PLC measured of a part: timestamps of <see cref="Stopwatch"/>, and what its verdict says.</summary>
internal sealed record BenchmarkedPart(long Sent)
{
    public long Acquired { get; set; }
    public long Decided { get; set; }

    /// <summary>From the end of the exposure to the PLC, µs, without preprocessing and inference.</summary>
    public double AfterCapture { get; set; }

    /// <summary>The camera's own time, µs.</summary>
    public double Acquire { get; set; }

    public bool Inspected { get; set; }
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A whole agent, a broker and a PLC's client in this process: triggers over MQTT, a picture of a folder for each, verdicts over MQTT.</summary>
internal sealed class BenchmarkedLine : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("edge-line-").FullName;
    private readonly ConcurrentDictionary<string, BenchmarkedPart> parts = [];
    private readonly IMqttClient plc = new MqttClientFactory().CreateMqttClient();
    private EmbeddedBroker? broker;
    private AgentHost? agent;
    private long number;

    public int Stations { get; private init; }
    public AgentHost Agent => agent!;

    /// <param name="picture">A file that every part shows.</param>
    public static async Task<BenchmarkedLine> StartAsync(string models, string model, string picture, int stations, Action<AgentOptions, string>? configure = null)
    {
        BenchmarkedLine line = new() { Stations = stations };
        string pictures = Directory.CreateDirectory(Path.Combine(line.folder, "pictures")).FullName;
        File.Copy(picture, Path.Combine(pictures, "part" + Path.GetExtension(picture)));
        line.broker = await EmbeddedBroker.StartAsync(0).ConfigureAwait(false);
        AgentOptions options = new()
        {
            Line = "bench",
            Models = models,
            State = Path.Combine(line.folder, "state"),
            Http = { Port = 0 },
            Journal = { Enabled = false, Path = Path.Combine(line.folder, "journal.db") },
            Records = { Enabled = false },
            Mqtt = { Host = "127.0.0.1", Port = line.broker.Port },
        };
        for (int i = 0; i < stations; i++)
            options.Stations[$"s{i}"] = new StationOptions
            {
                Model = model,
                Threads = 1,
                QueueCapacity = 8,
                Trigger = { Mode = TriggerMode.Mqtt },
                Heatmaps = { Enabled = false },
                Source = { Path = pictures, Loop = true, Watch = false },
            };
        configure?.Invoke(options, line.folder);
        line.agent = AgentHost.Build(options, configure: builder => builder.Logging.ClearProviders());
        await line.agent.StartAsync().ConfigureAwait(false);
        SpinWait.SpinUntil(() => line.agent.Stations.All(s => s is { Inspector.Model: not null, Camera.State: CameraState.Online, Link.IsConnected: true }));
        line.plc.ApplicationMessageReceivedAsync += line.Hear;
        await line.plc.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", line.broker.Port).WithProtocolVersion(MqttProtocolVersion.V500).WithReceiveMaximum(1000).Build()).ConfigureAwait(false);
        foreach (string topic in (string[])["edge/bench/+/acquired", "edge/bench/+/verdict"])
            await line.plc.SubscribeAsync(new MqttClientSubscribeOptionsBuilder().WithTopicFilter(topic, MqttQualityOfServiceLevel.AtLeastOnce).Build()).ConfigureAwait(false);
        return line;
    }

    public BenchmarkedPart Trigger(int station)
    {
        string id = $"{Interlocked.Increment(ref number)}";
        BenchmarkedPart part = parts[id] = new BenchmarkedPart(Stopwatch.GetTimestamp());
        _ = plc.PublishAsync(new MqttApplicationMessageBuilder().WithTopic($"edge/bench/s{station}/trigger").WithPayload($$"""{"jobId":"{{id}}"}""").WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build());
        return part;
    }

    /// <summary>One part after the other.</summary>
    public List<BenchmarkedPart> InTurn(int count)
    {
        List<BenchmarkedPart> done = [];
        for (int i = 0; i < count; i++)
        {
            done.Add(Trigger(i % Stations));
            done[^1].Done.Task.Wait();
        }
        return done;
    }

    private Task Hear(MqttApplicationMessageReceivedEventArgs message)
    {
        long now = Stopwatch.GetTimestamp();
        DateTimeOffset clock = DateTimeOffset.UtcNow;
        using JsonDocument json = JsonDocument.Parse(message.ApplicationMessage.Payload);
        if (!parts.TryGetValue(json.RootElement.GetProperty("jobId").GetString()!, out BenchmarkedPart? part)) return Task.CompletedTask;
        if (message.ApplicationMessage.Topic.EndsWith("/acquired", StringComparison.Ordinal))
        {
            part.Acquired = now;
            return Task.CompletedTask;
        }
        part.Decided = now;
        JsonElement times = json.RootElement.GetProperty("latencyMs");
        double Of(string stage) => 1000 * times.GetProperty(stage).GetDouble();
        part.Inspected = json.RootElement.GetProperty("verdict").GetString() != "uninspected";
        if (part.Inspected) (part.Acquire, part.AfterCapture) = (Of("acquire"), (clock - json.RootElement.GetProperty("capturedAt").GetDateTimeOffset()).TotalMicroseconds - Of("preprocess") - Of("infer"));
        part.Done.TrySetResult();
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await plc.DisconnectAsync(new MqttClientDisconnectOptions()).ConfigureAwait(false);
        plc.Dispose();
        await agent!.StopAsync().ConfigureAwait(false);
        await agent.DisposeAsync().ConfigureAwait(false);
        await broker!.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(folder, recursive: true);
    }
}
