using System.Net;
using Edge.Agent.Configuration;
using Edge.Agent.Sparkplug;
using Edge.Agent.Sparkplug.Proto;
using Edge.Tests.Support;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Xunit;

namespace Edge.Tests.Sparkplug;

/// <summary>The edge node beside a real broker: device deaths, the primary host, what is no command, and the sequence over 255.</summary>
public sealed class SparkplugNodeTests
{
    [Fact]
    public async Task The_sequence_goes_on_at_0_after_255()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using TestAgent agent = Agent(broker);
        for (int i = 0; i < 300; i++) agent.AddPicture($"{i:000}.png", 40);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Host.Sparkplug!.Devices[0] is { Sent: 300, Backlog: 0 }, "300 results");
        (string Topic, Payload Payload)[] all = Messages(broker);
        Assert.Equal(Enumerable.Range(0, all.Length).Select(i => (ulong)(i % 256)), all.Select(m => m.Payload.Seq));
        Assert.Equal(300, Jobs(all).Distinct().Count());
    }

    [Fact]
    public async Task A_camera_that_is_gone_is_a_device_that_is_dead_and_its_results_wait()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using TestAgent agent = Agent(broker);
        int port = Ports.Free();
        agent.StationOptions.Source = new SourceOptions { Kind = SourceKind.Http, Url = $"http://127.0.0.1:{port}/", ReconnectMs = 50, FrozenMs = 0, TimeoutMs = 1000 };
        agent.StationOptions.Trigger.Mode = TriggerMode.Interval;
        agent.StationOptions.Trigger.Interval = TimeSpan.FromMilliseconds(50);
        using (Snapshots camera = new(port))
        {
            await agent.StartWithModelAsync();
            await agent.UntilAsync(() => Jobs(Messages(broker)).Count() > 3, "results");
        }
        await agent.UntilAsync(() => Kinds(broker).Contains("DDEATH"), "the device's death");
        long triggers = agent.Station.Ledger.Triggers;
        await agent.UntilAsync(() => agent.Host.Sparkplug!.Devices[0].Backlog > 3 && agent.Station.Ledger.Triggers > triggers + 3, "results wait");
        Assert.Equal("DDEATH", Kinds(broker)[^1]);
        using (Snapshots camera = new(port)) await agent.UntilAsync(() => Kinds(broker).LastIndexOf("DBIRTH") is var birth && Kinds(broker).LastIndexOf("DDATA") > birth + 5 && birth > Kinds(broker).LastIndexOf("DDEATH"), "the device is born again, and its results come");
        (string Topic, Payload Payload)[] all = Messages(broker);
        int again = Array.FindLastIndex(all, m => m.Topic.Contains("/DBIRTH/", StringComparison.Ordinal));
        Payload waited = all[(again + 1)..].First(m => m.Payload.Metrics.Any(x => x.Name == "Inspection/Reason" && x.StringValue == "camera")).Payload;
        Assert.All(waited.Metrics, m => Assert.True(m.IsHistorical));
    }

    [Fact]
    public async Task Nothing_is_published_while_the_primary_host_is_not_online()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using TestAgent agent = Agent(broker);
        agent.Options.Sparkplug.PrimaryHost = "scada";
        using IMqttClient host = await ConnectAsync(broker);
        await StateAsync(host, """{"online":false,"timestamp":1000}""");
        for (int i = 0; i < 5; i++) agent.AddPicture($"{i}.png", 40);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Host.Sparkplug!.Devices[0].Backlog == 6, "results wait, and that the model runs");
        Assert.Empty(Kinds(broker));
        await StateAsync(host, """{"online":"yes"}""");
        await StateAsync(host, """{"online":true,"timestamp":2000}""");
        await agent.UntilAsync(() => agent.Host.Sparkplug!.Devices[0].Sent == 5, "results");
        Assert.Equal(1, agent.Host.Sparkplug!.Invalid);
        await StateAsync(host, """{"online":false,"timestamp":1500}""");   // of an earlier session of the host: it does not count
        await agent.UntilAsync(() => agent.Host.Sparkplug.IsOnline, "it stays online");
        await StateAsync(host, """{"online":false,"timestamp":2000}""");
        await agent.UntilAsync(() => Kinds(broker).Contains("NDEATH") && !agent.Host.Sparkplug.IsOnline, "it dies with its host");
        agent.AddPicture("5.png", 40);
        await agent.UntilAsync(() => agent.Host.Sparkplug.Devices[0].Backlog == 1, "one more waits");
        await StateAsync(host, """{"online":true,"timestamp":3000}""");
        await agent.UntilAsync(() => agent.Host.Sparkplug.Devices[0].Sent == 6, "it comes");
        Assert.Equal([0, 1], Messages(broker).Where(m => m.Topic.Contains("/NBIRTH/", StringComparison.Ordinal)).Select(m => (int)m.Payload.Metrics.Single(x => x.Name == "bdSeq").LongValue));
        Assert.Equal(6, Jobs(Messages(broker)).Distinct().Count());
    }

    [Fact]
    public async Task What_is_no_command_is_counted_and_a_rebirth_repeats_the_births()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using TestAgent agent = Agent(broker);
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Host.Sparkplug!.Devices[0].Sent == 1, "a result");
        using IMqttClient host = await ConnectAsync(broker);
        int junk = 0;
        foreach (byte[] payload in new byte[][] { [0xff], [10, 200], [.. Enumerable.Repeat((byte)0x12, 1000)] })
        {
            await PublishAsync(host, "spBv1.0/edge/NCMD/line1", payload);
            junk++;
        }
        await agent.UntilAsync(() => agent.Host.Sparkplug!.Invalid == junk, "counted");
        await PublishAsync(host, "spBv1.0/edge/NCMD/line1", SparkplugMetric.Payload(DateTimeOffset.UtcNow, [SparkplugMetric.Of("Node Control/Reboot", true, DateTimeOffset.UtcNow)]).ToByteArray());
        await PublishAsync(host, "spBv1.0/edge/NCMD/line1", SparkplugMetric.Payload(DateTimeOffset.UtcNow, [SparkplugMetric.Of("Node Control/Rebirth", true, DateTimeOffset.UtcNow)]).ToByteArray());
        await agent.UntilAsync(() => agent.Host.Sparkplug!.Births == 2, "a rebirth");
        (string Topic, Payload Payload)[] births = [.. Messages(broker).TakeLast(2)];
        Assert.Equal(["spBv1.0/edge/NBIRTH/line1", "spBv1.0/edge/DBIRTH/line1/cam1"], births.Select(b => b.Topic));
        Assert.Equal((0UL, "accept"), (births[0].Payload.Metrics[0].LongValue, births[1].Payload.Metrics.Single(m => m.Name == "Inspection/Verdict").StringValue));
    }

    [Fact]
    public void The_session_number_goes_on_after_a_restart_and_at_0_after_255()
    {
        using TempFolder folder = new();
        int expected = 0;
        for (int run = 0; run < 300; run++)
        {
            BirthSequence births = new(new StateFile(folder.Path, "sparkplug.bdseq"), NullLogger.Instance);
            for (int session = 0; session < 1 + run % 3; session++)
            {
                Assert.Equal(expected, births.Current);
                Assert.Equal(expected, births.Current);   // an attempt that failed
                Assert.Equal(expected, births.Use());
                expected = (expected + 1) % 256;
            }
        }
    }

    private static TestAgent Agent(TestBroker broker)
    {
        TestAgent agent = new(broker);
        (agent.Options.Sparkplug.Enabled, agent.Options.Sparkplug.MaxPerSecond, agent.StationOptions.Trigger.Mode) = (true, 1000, TriggerMode.FreeRunning);
        return agent;
    }

    private static (string Topic, Payload Payload)[] Messages(TestBroker broker) =>
        [.. broker.Received.Where(m => m.Topic.StartsWith("spBv1.0/edge/", StringComparison.Ordinal) && !m.Topic.Contains("NCMD", StringComparison.Ordinal)).Select(m => (m.Topic, Payload.Parser.ParseFrom(m.Payload)))];

    private static List<string> Kinds(TestBroker broker) => [.. Messages(broker).Select(m => m.Topic.Split('/')[2])];

    private static IEnumerable<string> Jobs(IEnumerable<(string Topic, Payload Payload)> messages) =>
        messages.Where(m => m.Topic.Contains("/DDATA/", StringComparison.Ordinal)).SelectMany(m => m.Payload.Metrics).Where(m => m.Name == "Inspection/JobId").Select(m => m.StringValue);

    private static async Task<IMqttClient> ConnectAsync(TestBroker broker)
    {
        IMqttClient client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", broker.Port).WithProtocolVersion(MqttProtocolVersion.V500).Build(), TestContext.Current.CancellationToken);
        return client;
    }

    private static Task<MqttClientPublishResult> StateAsync(IMqttClient host, string json) => PublishAsync(host, "spBv1.0/STATE/scada", System.Text.Encoding.UTF8.GetBytes(json), retain: true);

    private static Task<MqttClientPublishResult> PublishAsync(IMqttClient client, string topic, byte[] payload, bool retain = false) => client.PublishAsync(
        new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload).WithRetainFlag(retain).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), TestContext.Current.CancellationToken);

    /// <summary>A camera that answers each request with a picture, while it lives.</summary>
    private sealed class Snapshots : IDisposable
    {
        private readonly HttpListener listener = new();

        public Snapshots(int port)
        {
            listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            listener.Start();
            _ = AnswerAsync();
        }

        private async Task AnswerAsync()
        {
            using TempFolder folder = new();
            Pictures.Write(folder["a.png"], 40);
            byte[] png = await File.ReadAllBytesAsync(folder["a.png"]);
            try
            {
                while (true)
                {
                    HttpListenerContext request = await listener.GetContextAsync();
                    request.Response.ContentType = "image/png";
                    await request.Response.OutputStream.WriteAsync(png);
                    request.Response.Close();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException) { }
        }

        public void Dispose() => listener.Close();
    }
}
