using System.Text.Json;
using MQTTnet;
using MQTTnet.Protocol;
using Xunit;

namespace Edge.Tests;

/// <summary>The service as systemd runs it, a real broker, and mosquitto's own client as the PLC.</summary>
public sealed class LineTests(TrainedLine line)
{
    [Fact]
    public async Task Every_trigger_gets_one_verdict_through_a_broker_restart()
    {
        using Mosquitto broker = new();
        using TempFolder folder = new();
        using RunningProgram verdicts = broker.Subscribe("edge/line1/station1/verdict");
        using RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", Configure(folder, broker.Port));
        using RunningProgram status = broker.Subscribe("edge/line1/station1/status");
        await Ready(status);

        List<string> sent = [];
        using (IMqttClient plc = await Connect(broker.Port))
            for (int i = 0; i < 40; i++) sent.Add(await Trigger(plc, i));
        broker.Stop();
        broker.Start();
        await Eventually.True(() => Heard(verdicts).Count >= 1, "verdicts");
        using (IMqttClient plc = await Connect(broker.Port))
            for (int i = 40; i < 80; i++) sent.Add(await Trigger(plc, i));

        await Eventually.True(() => Heard(verdicts).Select(v => v.JobId).Distinct().Count() >= sent.Count, "a verdict for each trigger", TimeSpan.FromSeconds(90));
        agent.Signal(15);
        Assert.Equal(0, agent.Wait().ExitCode);
        List<(string JobId, string Verdict)> heard = Heard(verdicts);
        Assert.Equal(sent.Order(), heard.Select(v => v.JobId).Distinct().Order());
        // QoS 1 may repeat a message, but never with another verdict.
        Assert.All(heard.GroupBy(v => v.JobId), job => Assert.Single(job.Select(v => v.Verdict).Distinct()));
        Assert.Contains(heard, v => v.Verdict is "accept" or "reject");
    }

    [Fact]
    public async Task Killing_the_agent_delivers_its_will()
    {
        using Mosquitto broker = new();
        using TempFolder folder = new();
        using RunningProgram status = broker.Subscribe("edge/line1/station1/status");
        using RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", Configure(folder, broker.Port));
        await Ready(status);
        agent.Kill();
        await Eventually.True(() => status.Output.TrimEnd().Split('\n')[^1].Contains("offline", StringComparison.Ordinal), "the will");
        using RunningProgram late = broker.Subscribe("edge/line1/station1/status");
        await Eventually.True(() => late.Output.Contains("offline", StringComparison.Ordinal), "the will is retained");
    }

    [Fact]
    public async Task A_model_trained_beside_the_running_agent_takes_over_without_losing_a_part()
    {
        using Mosquitto broker = new();
        using TempFolder folder = new();
        using RunningProgram verdicts = broker.Subscribe("edge/line1/station1/verdict"), status = broker.Subscribe("edge/line1/station1/status");
        string models = folder["models"];
        Programs.Run(Programs.Trainer, 0, "train", "--method", "patchcore", "--data", line.Data, "--name", "flange", "--models", models, "--coreset", "0.01");
        using RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", Configure(folder, broker.Port, models));
        await Ready(status);

        using IMqttClient plc = await Connect(broker.Port);
        List<string> sent = [await Trigger(plc, 0)];
        using RunningProgram training = Programs.Start(Programs.Trainer, "train", "--method", "patchcore", "--data", line.Data, "--name", "flange", "--models", models, "--coreset", "0.02", "--seed", "1");
        while (!verdicts.Output.Contains("\"version\":2", StringComparison.Ordinal))
        {
            Assert.True(sent.Count < 3000, "version 2 never decided");
            int before = Heard(verdicts).Count;
            sent.Add(await Trigger(plc, sent.Count));
            await Eventually.True(() => Heard(verdicts).Count > before, "the next verdict");
        }
        Assert.Equal(0, training.Wait().ExitCode);
        await Eventually.True(() => Heard(verdicts).Count >= sent.Count, "all verdicts");
        Assert.Equal(sent.Order(), Heard(verdicts).Select(v => v.JobId).Distinct().Order());
        Assert.DoesNotContain(Heard(verdicts), v => v.Verdict == "uninspected");
    }

    /// <summary>Camera and model are there: what a PLC waits for before it starts the belt.</summary>
    private static Task Ready(RunningProgram status) => Eventually.True(
        () => status.Output.Split('\n').Any(l => l.Contains("\"camera\":\"online\"", StringComparison.Ordinal) && l.Contains("\"version\":1", StringComparison.Ordinal)), "camera and model");

    private string Configure(TempFolder folder, int port, string? models = null)
    {
        string file = folder["appsettings.json"];
        File.WriteAllText(file, $$"""
            {
              "Edge": {
                "Line": "line1",
                "Models": "{{models ?? line.Models}}",
                "Http": { "Port": {{Ports.Free()}} },
                "Journal": { "Path": "{{folder["journal.db"]}}" },
                "Mqtt": { "Host": "127.0.0.1", "Port": {{port}} },
                "Stations": {
                  "station1": {
                    "Source": { "Kind": "Synthetic" },
                    "Trigger": { "Mode": "Mqtt" },
                    "QueueCapacity": 64,
                    "Model": "flange"
                  }
                }
              }
            }
            """);
        return file;
    }

    private static async Task<IMqttClient> Connect(int port)
    {
        IMqttClient client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500).Build());
        return client;
    }

    private static async Task<string> Trigger(IMqttClient plc, int i)
    {
        string jobId = $"job-{i}";
        await plc.PublishAsync(new MqttApplicationMessageBuilder()
            .WithTopic("edge/line1/station1/trigger")
            .WithPayload($$"""{"jobId":"{{jobId}}"}""")
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
            .Build(), TestContext.Current.CancellationToken);
        return jobId;
    }

    private static List<(string JobId, string Verdict)> Heard(RunningProgram subscriber) =>
        [.. subscriber.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonDocument.Parse(l[(l.IndexOf(' ', StringComparison.Ordinal) + 1)..]).RootElement)
            .Select(v => (v.GetProperty("jobId").GetString()!, v.GetProperty("verdict").GetString()!))];
}
