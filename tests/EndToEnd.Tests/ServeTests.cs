using System.Text.Json.Nodes;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Xunit;

namespace Edge.Tests;

/// <summary><c>edge-trainer serve</c> as a process with a real broker: runs by command, gates, and what a kill and a stop leave.</summary>
public sealed class ServeTests(TrainedLine line) : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Mosquitto broker = new();
    private readonly int http = Ports.Free();

    public void Dispose()
    {
        broker.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_commanded_run_publishes_what_passes_the_gates_and_refuses_what_does_not()
    {
        Configure(("flange", ""), ("heavy", """, "MaxMegabytes": 0.1"""));
        Programs.Run(Programs.Trainer, 0, "keys", "new", folder["signing.key"]);
        using RunningProgram trainer = Programs.Start(Programs.Trainer, "serve", "--config", folder["trainer.json"]);
        using Engineer engineer = await Engineer.ConnectAsync(broker.Port);
        await engineer.HearsAsync(m => m.Topic == "status" && (string?)m.Json["state"] == "online");

        foreach (string hostile in (string[])["", "[]", "{", """{"command":"train"}""", """{"command":"train","run":"../../etc","product":"flange"}""", """{"command":"train","run":"x\n","product":"flange"}""",
            """{"command":"train","run":"a","product":"none"}""", """{"command":"train","run":"a","run":"b","product":"flange"}""", """{"command":"cancel","run":"a","product":"flange"}""", """{"command":"train","run":"a","product":"flange","now":true}""",
            $$"""{"command":"train","run":"a","product":"{{new string('x', 5000)}}"}"""])
            Assert.False((bool)(await engineer.CommandAsync(hostile))["ok"]!, hostile);
        Assert.Contains("no run", (string?)(await engineer.CommandAsync("""{"command":"cancel","run":"none"}"""))["reason"], StringComparison.Ordinal);

        Assert.True((bool)(await engineer.CommandAsync("""{"command":"train","run":"night-1","product":"flange"}"""))["ok"]!);
        Assert.True((bool)(await engineer.CommandAsync("""{"command":"train","run":"night-1","product":"flange"}"""))["ok"]!);   // the same run
        Assert.True((bool)(await engineer.CommandAsync("""{"command":"train","run":"night-2","product":"heavy"}"""))["ok"]!);
        Assert.True((bool)(await engineer.CommandAsync("""{"command":"train","run":"night-3","product":"heavy"}"""))["ok"]!);
        Assert.True((bool)(await engineer.CommandAsync("""{"command":"cancel","run":"night-3"}"""))["ok"]!);

        JsonNode done = (await engineer.HearsAsync(m => m.Topic == "run" && (string?)m.Json["run"] == "night-1")).Json;
        Assert.True((string?)done["state"] == "published", $"{done}\n{trainer.Output}\n{trainer.Error}");
        Assert.Equal(1, (int)done["version"]!);
        Assert.Equal(["parity", "auroc", "misses", "falseRejects", "latency", "size"], done["gates"]!.AsArray().Select(g => (string)g!["name"]!));
        string[] package = [.. Directory.EnumerateFiles(folder["models/flange/1"]).Select(f => Path.GetFileName(f)).Order()];
        Assert.Contains("gates.json", package);
        Assert.Contains("signature", package);
        Assert.Equal("night-1", (string?)JsonNode.Parse(File.ReadAllText(folder["models/flange/1/gates.json"]))!["run"]);
        Programs.Run(Programs.Agent, 0, "models", "verify", "flange", "--version", "1", "--models", folder["models"], "--trusted-keys", folder["signing.key.pub"]);

        JsonNode refused = (await engineer.HearsAsync(m => m.Topic == "run" && (string?)m.Json["run"] == "night-2")).Json;
        Assert.Equal("refused", (string?)refused["state"]);
        Assert.StartsWith("size ", (string?)refused["reason"], StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["models/heavy"]));
        Assert.True(File.Exists(folder["state/refused/night-2/model.onnx"]) && File.Exists(folder["state/refused/night-2/gates.json"]));
        Assert.Equal("cancelled", (string?)(await engineer.CommandAsync("""{"command":"ask","run":"night-3"}"""))["run"]!["state"]);

        using HttpClient client = new();
        string scraped = await client.GetStringAsync(new Uri($"http://127.0.0.1:{http}/metrics"), TestContext.Current.CancellationToken);
        foreach (string sample in (string[])["edge_trainer_runs_total{product=\"flange\",result=\"published\"} 1", "edge_trainer_runs_total{product=\"heavy\",result=\"refused\"} 1",
            "edge_trainer_gate_passed{product=\"heavy\",gate=\"size\"} 0", "edge_trainer_published_version{product=\"flange\"} 1", "edge_trainer_invalid_messages_total 11", "edge_trainer_broker_connected 1"])
            Assert.Contains(sample, scraped, StringComparison.Ordinal);
        trainer.Signal(15);
        Assert.Equal(0, trainer.Wait().ExitCode);
        await engineer.HearsAsync(m => m.Topic == "status" && (string?)m.Json["state"] == "offline");
        Assert.Equal(["models", "response", "run", "status"], engineer.All.Select(m => m.Kind).Distinct().Order());
        AsyncApiTests.Fit("trainer-asyncapi.json", engineer.All);
    }

    [Fact]
    public async Task A_run_that_was_killed_or_stopped_goes_on_with_the_next_start_and_publishes_once()
    {
        Configure(("flange", ""));
        using (RunningProgram killed = Programs.Start(Programs.Trainer, "serve", "--config", folder["trainer.json"]))
        {
            using Engineer engineer = await Engineer.ConnectAsync(broker.Port);
            await engineer.HearsAsync(m => m.Topic == "status" && (string?)m.Json["state"] == "online");
            await engineer.CommandAsync("""{"command":"train","run":"night-1","product":"flange"}""");
            await Eventually.True(() => Trainings() == 1, "a training process");
            killed.Kill();
            await Eventually.True(() => Trainings() == 0, "the training ends with the service");
        }
        using (RunningProgram stopped = Programs.Start(Programs.Trainer, "serve", "--config", folder["trainer.json"]))
        {
            await Eventually.True(() => Trainings() == 1, "the run is taken up again");
            stopped.Signal(15);
            Assert.Equal(0, stopped.Wait().ExitCode);
            Assert.Equal(0, Trainings());
        }
        JsonNode left = JsonNode.Parse(File.ReadAllText(folder["state/runs/night-1/run.json"]))!;
        Assert.Equal(("Running", 1), ((string?)left["state"], (int)left["attempts"]!));   // the planned stop does not count

        using RunningProgram trainer = Programs.Start(Programs.Trainer, "serve", "--config", folder["trainer.json"]);
        await Eventually.True(() => Directory.Exists(folder["models/flange/1"]) && File.ReadAllText(folder["state/runs/night-1/run.json"]).Contains("\"Published\"", StringComparison.Ordinal), "published", TimeSpan.FromMinutes(3));
        Assert.Equal(["1"], Directory.EnumerateDirectories(folder["models/flange"]).Select(d => Path.GetFileName(d)));
        Assert.Equal(["run.json", "service.log", "train.log"], Directory.EnumerateFileSystemEntries(folder["state/runs/night-1"]).Select(f => Path.GetFileName(f)).Order());
        trainer.Signal(15);
        Assert.Equal(0, trainer.Wait().ExitCode);
    }

    /// <summary>Processes that train into this test's folder.</summary>
    private int Trainings() => Directory.EnumerateDirectories("/proc").Count(p =>
    {
        try
        {
            string[] line = File.ReadAllText(Path.Combine(p, "cmdline")).Split('\0');
            return line[0].EndsWith("edge-trainer", StringComparison.Ordinal) && line.Contains("train") && line.Any(a => a.StartsWith(folder.Path, StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    private void Configure(params (string Product, string More)[] products) => File.WriteAllText(folder["trainer.json"], $$"""
        { "Trainer": {
          "Models": "{{folder["models"]}}", "State": "{{folder["state"]}}", "Http": { "Port": {{http}} }, "Mqtt": { "Host": "127.0.0.1", "Port": {{broker.Port}} }, {{Delivery()}}
          {{(products.Length > 1 ? $"\"SigningKey\": \"{folder["signing.key"]}\"," : "")}}
          "Products": { {{string.Join(", ", products.Select(p => $$""" "{{p.Product}}": { "Data": "{{line.Data}}", "Arguments": "--coreset 0.02 --size 128", "Gates": { "MaxFalseRejectRate": 1 {{p.More}} } } """))}} } } }
        """);

    private string Delivery()
    {
        File.WriteAllText(folder["tokens"], "agent 0123456789abcdef\n");
        return $$""" "Delivery": { "Enabled": true, "Address": "127.0.0.1", "Port": 0, "TokenFile": "{{folder["tokens"]}}" }, """;
    }

    /// <summary>Commands the trainer and hears what it says.</summary>
    private sealed class Engineer : IDisposable
    {
        private readonly IMqttClient client = new MqttClientFactory().CreateMqttClient();
        private readonly List<(string Topic, JsonNode Json)> heard = [];
        private int asked;

        /// <summary>All that was heard, by the topic's first part.</summary>
        public IEnumerable<(string Kind, JsonNode Payload)> All => Heard().Select(m => (m.Topic.Split('/')[0], m.Json));

        public static async Task<Engineer> ConnectAsync(int port)
        {
            Engineer engineer = new();
            engineer.client.ApplicationMessageReceivedAsync += message =>
            {
                lock (engineer.heard) engineer.heard.Add((message.ApplicationMessage.Topic["edge/line1/trainer/".Length..], JsonNode.Parse(message.ApplicationMessage.ConvertPayloadToString())!));
                return Task.CompletedTask;
            };
            await engineer.client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithProtocolVersion(MqttProtocolVersion.V500).WithClientId("engineer").Build(), TestContext.Current.CancellationToken);
            foreach (string topic in (string[])["status", "run", "response/#", "models/#"]) await engineer.client.SubscribeAsync("edge/line1/trainer/" + topic, MqttQualityOfServiceLevel.AtLeastOnce, TestContext.Current.CancellationToken);
            return engineer;
        }

        public async Task<JsonNode> CommandAsync(string payload)
        {
            string response = $"response/{++asked}";
            await client.PublishAsync(
                new MqttApplicationMessageBuilder().WithTopic("edge/line1/trainer/command").WithPayload(payload).WithResponseTopic("edge/line1/trainer/" + response).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(),
                TestContext.Current.CancellationToken);
            return (await HearsAsync(m => m.Topic == response)).Json;
        }

        public async Task<(string Topic, JsonNode Json)> HearsAsync(Func<(string Topic, JsonNode Json), bool> match)
        {
            await Eventually.True(() => Heard().Any(match), "a message of the trainer", TimeSpan.FromMinutes(3));
            return Heard().First(match);
        }

        private (string Topic, JsonNode Json)[] Heard()
        {
            lock (heard) return [.. heard];
        }

        public void Dispose() => client.Dispose();
    }
}
