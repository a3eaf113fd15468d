using System.Globalization;
using System.Text.Json;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Xunit;

namespace Edge.Tests;

/// <summary>The agent as a process behind a real mosquitto, and somebody who sends it everything.</summary>
public sealed class HostileTests(TrainedLine line)
{
    private const string Prefix = "edge/line1/station1/";
    private const int Fuzzed = 5_000, Flood = 5_000, Capacity = 8;

    /// <summary>MiB that the agent may grow by at its largest: what waits is bounded by count and size.</summary>
    private const int Growth = 150;

    [Fact]
    public async Task Junk_and_a_flood_cost_neither_the_agent_nor_a_verdict()
    {
        using Mosquitto broker = new();
        using TempFolder folder = new();
        File.WriteAllText(folder["appsettings.json"], $$"""
            { "Edge": {
              "Models": "{{line.Models}}", "State": "{{folder["state"]}}", "Http": { "Port": {{Ports.Free()}} }, "Journal": { "Path": "{{folder["journal.db"]}}" },
              "Mqtt": { "Host": "127.0.0.1", "Port": {{broker.Port}} },
              "Stations": { "station1": { "Source": { "Kind": "Synthetic" }, "Trigger": { "Mode": "Mqtt" }, "QueueCapacity": {{Capacity}}, "Model": "flange" } } } }
            """);
        using IMqttClient hostile = await ConnectAsync(broker.Port), plc = await ConnectAsync(broker.Port);
        Dictionary<string, List<string>> verdicts = [];
        string status = "";
        plc.ApplicationMessageReceivedAsync += message =>
        {
            using JsonDocument json = JsonDocument.Parse(message.ApplicationMessage.Payload);
            lock (verdicts)
            {
                if (message.ApplicationMessage.Topic == Prefix + "status") status = json.RootElement.GetRawText();
                else if (!verdicts.TryAdd(json.RootElement.GetProperty("jobId").GetString()!, [Verdict(json.RootElement)])) verdicts[json.RootElement.GetProperty("jobId").GetString()!].Add(Verdict(json.RootElement));
            }
            return Task.CompletedTask;
        };
        // Retained junk lies there before the agent comes.
        foreach (string topic in (string[])["trigger", "command"]) await SendAsync(hostile, topic, """{"jobId":"retained","command":"pause"}"""u8.ToArray(), retain: true);
        using RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", folder["appsettings.json"]);
        await plc.SubscribeAsync(Prefix + "status", MqttQualityOfServiceLevel.AtLeastOnce, Cancel);
        await plc.SubscribeAsync(Prefix + "verdict", MqttQualityOfServiceLevel.AtLeastOnce, Cancel);
        await Eventually.True(() => status.Contains("\"ready\":true", StringComparison.Ordinal), "ready");
        Assert.Equal("accept reject review", await AnswerAsync(plc, verdicts, "before"));
        double before = Mebibytes(agent.Id, "VmRSS");

        HostilePayloads payloads = new(seed: 3);
        for (int i = 0; i < Fuzzed; i++) await SendAsync(hostile, i % 2 == 0 ? "trigger" : "command", payloads.Next(), retain: i % 100 == 0, qos: i % 10 == 0 ? 1 : 0, response: i % 3 == 0 ? Prefix + "response/x" : i % 3 == 1 ? Prefix + "verdict" : null);
        foreach (string topic in (string[])["trigger/x", "TRIGGER", "triggers", "command/", "response/x", "/trigger", "ä\u00A0"]) await SendAsync(hostile, topic, """{"jobId":"odd"}"""u8.ToArray());
        await SendAsync(hostile, "trigger", new byte[10 * 1024 * 1024], qos: 1);
        await SendAsync(hostile, "command", new byte[60 * 1024], qos: 1);
        // A damaged pause may have been one, and a resume among too many commands is not looked at.
        int between = 0;
        do await SendAsync(hostile, "command", """{"command":"resume"}"""u8.ToArray(), qos: 1);
        while (await AnswerAsync(plc, verdicts, $"between-{between++}") == "uninspected paused");

        // As many as the broker takes: many times what the model can do.
        await Task.WhenAll(Enumerable.Range(0, Flood).Select(i => SendAsync(plc, "trigger", JsonSerializer.SerializeToUtf8Bytes(new { jobId = $"flood-{i}" }), qos: 1)));
        string[] flood = [];
        await Eventually.True(() => (flood = Heard("flood-")).Length >= Flood, "a verdict for each");
        Assert.Equal("accept reject review", await AnswerAsync(plc, verdicts, "after"));

        Assert.Equal(Flood, Heard("flood-").Length);
        int inspected = flood.Count(v => v.Length > 0 && "accept reject review".Contains(v, StringComparison.Ordinal));
        Assert.All(flood, v => Assert.True(v == "uninspected overload" || "accept reject review".Contains(v, StringComparison.Ordinal), v));
        Assert.InRange(inspected, Capacity, Flood / 10);
        lock (verdicts) Assert.All(verdicts.Where(v => !v.Key.StartsWith("j-", StringComparison.Ordinal)), v => Assert.True(v.Value.Count == 1 || v.Value.Distinct().Count() == 1, v.Key));
        double peak = Mebibytes(agent.Id, "VmHWM");
        TestContext.Current.SendDiagnosticMessage($"flood of {Flood}: {inspected} inspected; resident {before:F0} MiB before, {peak:F0} MiB at the most");
        Assert.InRange(peak - before, double.NegativeInfinity, Growth);
        agent.Signal(15);
        Assert.Equal(0, agent.Wait().ExitCode);
        // A flood does not flood the log; every command that was carried out is in it.
        Assert.InRange(agent.Output.Split('\n').Count(l => !l.Contains("] command ", StringComparison.Ordinal)), 1, 100);

        string[] Heard(string prefix)
        {
            lock (verdicts) return [.. verdicts.Where(v => v.Key.StartsWith(prefix, StringComparison.Ordinal)).SelectMany(v => v.Value)];
        }
    }

    private static string Verdict(JsonElement json) => $"{json.GetProperty("verdict")} {json.GetProperty("reason")}".TrimEnd();

    /// <summary>The last of some parts, one after the other: what an idle station says.</summary>
    private static async Task<string> AnswerAsync(IMqttClient plc, Dictionary<string, List<string>> verdicts, string job)
    {
        await SendAsync(plc, "trigger", JsonSerializer.SerializeToUtf8Bytes(new { jobId = job }), qos: 1);
        string? answer = null;
        await Eventually.True(
            () =>
            {
                lock (verdicts) answer = verdicts.GetValueOrDefault(job)?[0];
                return answer is not null;
            },
            $"the verdict of '{job}'");
        return "accept reject review".Split(' ').Contains(answer) ? "accept reject review" : answer!;
    }

    private static async Task<IMqttClient> ConnectAsync(int port)
    {
        IMqttClient client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithProtocolVersion(MqttProtocolVersion.V500).WithReceiveMaximum(1000).Build(), Cancel);
        return client;
    }

    private static Task<MqttClientPublishResult> SendAsync(IMqttClient client, string topic, byte[] payload, bool retain = false, int qos = 0, string? response = null) => client.PublishAsync(
        new MqttApplicationMessage { Topic = Prefix + topic, PayloadSegment = payload, Retain = retain, QualityOfServiceLevel = (MqttQualityOfServiceLevel)qos, ResponseTopic = response, CorrelationData = response is null ? null : [1, 2, 3] }, Cancel);

    private static double Mebibytes(int process, string what) => double.Parse(
        File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith(what, StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
