using System.Buffers;
using System.Text.Json.Nodes;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Xunit;

namespace Edge.Tests.Sparkplug;

/// <summary>A host application: hears everything below spBv1.0, in a session that the broker keeps, and reads payloads with Eclipse Tahu's library.</summary>
internal sealed class SparkplugHost : IDisposable
{
    private static readonly string Node = Path.Combine(TestPaths.Repository, "tests/EndToEnd.Tests/node");
    private readonly IMqttClient client = new MqttClientFactory().CreateMqttClient();
    private readonly Mosquitto broker;
    private readonly List<(string Topic, byte[] Payload, int Qos, bool Retain)> heard = [];

    private SparkplugHost(Mosquitto broker)
    {
        this.broker = broker;
        client.ApplicationMessageReceivedAsync += received =>
        {
            MqttApplicationMessage message = received.ApplicationMessage;
            lock (heard) heard.Add((message.Topic, message.Payload.ToArray(), (int)message.QualityOfServiceLevel, message.Retain));
            return Task.CompletedTask;
        };
    }

    public static async Task<SparkplugHost> ConnectAsync(Mosquitto broker)
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Node, "node_modules/sparkplug-payload")), "needs sparkplug-payload (npm ci in tests/EndToEnd.Tests/node)");
        SparkplugHost host = new(broker);
        await host.ConnectAsync();
        await host.client.SubscribeAsync("spBv1.0/#", MqttQualityOfServiceLevel.AtLeastOnce, Cancel);
        return host;
    }

    public async Task ConnectAsync()
    {
        MqttClientConnectResult result = await client.ConnectAsync(
            new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", broker.Port).WithProtocolVersion(MqttProtocolVersion.V500).WithClientId("scada").WithCleanStart(false).WithSessionExpiryInterval(3600).Build(), Cancel);
        Assert.Equal(MqttClientConnectResultCode.Success, result.ResultCode);
    }

    /// <summary>Messages of a kind (NBIRTH …) until now.</summary>
    public int Count(string kind)
    {
        lock (heard) return heard.Count(h => h.Topic.Split('/')[2] == kind);
    }

    public Task UntilAsync(string kind, int count) => Eventually.True(() => Count(kind) >= count, $"{count} {kind}");

    public Task RebirthAsync() => PublishAsync("spBv1.0/edge/NCMD/line1", Convert.FromBase64String(
        Programs.Run("node", 0, Path.Combine(Node, "sparkplug.js"), "encode", """{"timestamp":1,"metrics":[{"name":"Node Control/Rebirth","type":"Boolean","value":true}]}""").Output.Trim()));

    public Task PublishAsync(string topic, byte[] payload) =>
        client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), Cancel);

    /// <summary>Everything that was heard, read by the other library.</summary>
    public IReadOnlyList<SparkplugMessage> Decode(string file)
    {
        (string Topic, byte[] Payload, int Qos, bool Retain)[] all;
        lock (heard) all = [.. heard.Where(h => !h.Topic.Contains("/NCMD/", StringComparison.Ordinal))];
        File.WriteAllLines(file, all.Select(h => $"{h.Topic} {Convert.ToBase64String(h.Payload)}"));
        string[] lines = Programs.Run("node", 0, Path.Combine(Node, "sparkplug.js"), "decode", file).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. all.Zip(lines, (h, line) => new SparkplugMessage(h.Topic, JsonNode.Parse(line)!, h.Qos, h.Retain))];
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => client.Dispose();
}

/// <param name="Json">As the other library reads it.</param>
internal sealed record SparkplugMessage(string Topic, JsonNode Json, int Qos, bool Retain)
{
    public string Kind => Topic.Split('/')[2];
    public long? Seq => (long?)Json["seq"];
    public long Timestamp => (long)Json["timestamp"]!;

    /// <summary>By name: type, value, timestamp and perhaps isHistorical.</summary>
    public Dictionary<string, JsonNode> Metrics { get; } = (Json["metrics"]?.AsArray() ?? []).ToDictionary(m => (string)m!["name"]!, m => m!);

    public JsonNode? this[string metric] => Metrics[metric]["value"];
}
