using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Edge.Agent.Demo;

/// <summary>What the demo's PLC heard about one part.</summary>
/// <param name="Truth">The defect that was rendered, from the frame's name; null when there is none to know.</param>
/// <param name="RoundTrip">From the trigger to the verdict, as the PLC sees it.</param>
internal sealed record HeardVerdict(string JobId, string Verdict, string? Reason, double? Score, double? Threshold, string? Truth, double PreprocessMs, double InferMs, TimeSpan RoundTrip);

/// <summary>The other side of the contract: sends triggers and hears verdicts, over MQTT like any PLC.</summary>
internal sealed class DemoPlc : IAsyncDisposable
{
    private readonly IMqttClient client = new MqttClientFactory().CreateMqttClient();
    private readonly ConcurrentDictionary<string, long> waiting = new();
    private readonly string prefix;
    private readonly string? heatmapFolder;
    private readonly Action<HeardVerdict> heard;
    private int sent;

    private DemoPlc(string prefix, string? heatmapFolder, Action<HeardVerdict> heard)
    {
        (this.prefix, this.heatmapFolder, this.heard) = (prefix, heatmapFolder, heard);
        client.ApplicationMessageReceivedAsync += message =>
        {
            Receive(message.ApplicationMessage);
            return Task.CompletedTask;
        };
    }

    public int Sent => Volatile.Read(ref sent);

    /// <param name="heard">Called on the client's thread, once a part.</param>
    public static async Task<DemoPlc> ConnectAsync(int port, string prefix, string? heatmapFolder, Action<HeardVerdict> heard, CancellationToken cancel)
    {
        DemoPlc plc = new(prefix, heatmapFolder, heard);
        await plc.client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithProtocolVersion(MqttProtocolVersion.V500).WithClientId("demo-plc").Build(), cancel).ConfigureAwait(false);
        await plc.client.SubscribeAsync(new MqttClientSubscribeOptionsBuilder()
            .WithTopicFilter(prefix + "verdict", MqttQualityOfServiceLevel.AtLeastOnce)
            .WithTopicFilter(prefix + "heatmap")
            .Build(), cancel).ConfigureAwait(false);
        return plc;
    }

    public async Task TriggerAsync(CancellationToken cancel)
    {
        string jobId = $"part-{Interlocked.Increment(ref sent):D5}";
        waiting[jobId] = TimeProvider.System.GetTimestamp();
        await client.PublishAsync(new MqttApplicationMessageBuilder()
            .WithTopic(prefix + "trigger")
            .WithPayload($$"""{"jobId":"{{jobId}}"}""")
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
            .Build(), cancel).ConfigureAwait(false);
    }

    private void Receive(MqttApplicationMessage message)
    {
        if (message.Topic == prefix + "heatmap")
        {
            if (heatmapFolder is null) return;
            string jobId = message.UserProperties?.FirstOrDefault(p => p.Name == "jobId") is { } property ? Encoding.UTF8.GetString(property.ValueBuffer.Span) : "part";
            File.WriteAllBytes(Path.Combine(heatmapFolder, $"{jobId}.jpg"), message.Payload.ToArray());
            return;
        }
        using JsonDocument json = JsonDocument.Parse(message.Payload);
        JsonElement v = json.RootElement;
        string id = v.GetProperty("jobId").GetString()!;
        if (!waiting.TryRemove(id, out long since)) return;   // a repeat of QoS 1
        JsonElement latency = v.GetProperty("latencyMs");
        heard(new HeardVerdict(
            id, v.GetProperty("verdict").GetString()!, v.GetProperty("reason").GetString(), Number(v, "score"), Number(v, "threshold"), v.GetProperty("frame").GetString()?.Split('-')[^1],
            latency.GetProperty("preprocess").GetDouble(), latency.GetProperty("infer").GetDouble(), TimeProvider.System.GetElapsedTime(since)));
    }

    private static double? Number(JsonElement verdict, string name) => verdict.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;

    public async ValueTask DisposeAsync()
    {
        if (client.IsConnected) await client.DisconnectAsync().ConfigureAwait(false);
        client.Dispose();
    }
}
