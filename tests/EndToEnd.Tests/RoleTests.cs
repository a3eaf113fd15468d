using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Xunit;

namespace Edge.Tests;

/// <summary>A real mosquitto with the very files of deploy/mosquitto: who may say and hear what.</summary>
public sealed class RoleTests : IDisposable
{
    private static readonly string[] Kinds = ["trigger", "command", "acquired", "verdict", "heatmap", "status", "model", "recipe", "record", "drift", "response/mes"];

    private readonly TestCertificates authority = new();
    private readonly Mosquitto broker;

    public RoleTests() => broker = new Mosquitto(authority, "plc", "of the line");

    [Theory]
    [InlineData("plc", "trigger", "acquired verdict status model recipe")]
    [InlineData("agent", "acquired verdict heatmap status model recipe record drift response/mes", "trigger command")]
    [InlineData("dashboard", "", "trigger command acquired verdict heatmap status model recipe record drift response/mes")]
    [InlineData("trainer", "", "drift")]
    [InlineData("engineer", "command", "trigger command acquired verdict heatmap status model recipe record drift response/mes")]
    [InlineData("historian", "", "status record")]
    [InlineData("stranger", "", "")]
    public async Task A_role_publishes_and_reads_what_it_may_and_nothing_else(string role, string writes, string reads)
    {
        using IMqttClient client = await ConnectAsync(role), plc = await ConnectAsync("plc", "other"), agent = await ConnectAsync("agent", "other"), engineer = await ConnectAsync("engineer", "other");
        List<string> heard = [];
        client.ApplicationMessageReceivedAsync += message =>
        {
            lock (heard) heard.Add(message.ApplicationMessage.Topic["edge/line1/cam1/".Length..]);
            return Task.CompletedTask;
        };
        await client.SubscribeAsync("edge/#", MqttQualityOfServiceLevel.AtLeastOnce, Cancel);
        foreach (string kind in Kinds)
            Assert.True(await PublishAsync(kind switch { "trigger" => plc, "command" => engineer, _ => agent }, kind), $"{kind} is said by nobody");
        // Whoever reads hears one of these three last.
        string last = reads.Contains("status", StringComparison.Ordinal) ? "status" : reads.Contains("drift", StringComparison.Ordinal) ? "drift" : "command";
        await PublishAsync(last == "command" ? engineer : agent, last);
        string[] expected = [.. Kinds.Where(k => reads.Split(' ').Contains(k)), .. reads.Length > 0 ? (string[])[last] : []];
        await Eventually.True(() => Heard().Length >= expected.Length, "what the role may read");
        if (reads.Length == 0) await client.PingAsync(Cancel);   // what was sent before has come
        Assert.Equal(expected, Heard());

        List<string> taken = [];
        foreach (string kind in Kinds) if (await PublishAsync(client, kind)) taken.Add(kind);
        Assert.Equal(writes, string.Join(' ', taken.OrderBy(k => Array.IndexOf(Kinds, k))));

        string[] Heard()
        {
            lock (heard) return [.. heard];
        }
    }

    [Theory]
    [InlineData("agent", "edge/NBIRTH/line1 edge/NDEATH/line1 edge/DBIRTH/line1/cam1 edge/DDATA/line1/cam1 edge/DDEATH/line1/cam1")]
    [InlineData("scada", "edge/NCMD/line1 STATE/scada")]
    [InlineData("plc", "")]
    [InlineData("dashboard", "")]
    public async Task Sparkplug_births_are_the_agents_and_commands_the_hosts(string role, string writes)
    {
        using IMqttClient client = await ConnectAsync(role);
        List<string> taken = [];
        foreach (string topic in (string[])["edge/NBIRTH/line1", "edge/NDEATH/line1", "edge/DBIRTH/line1/cam1", "edge/DDATA/line1/cam1", "edge/DDEATH/line1/cam1", "edge/NCMD/line1", "STATE/scada"])
            if (await PublishToAsync(client, $"spBv1.0/{topic}", "{}")) taken.Add(topic);
        Assert.Equal(writes, string.Join(' ', taken));
    }

    [Theory]
    [InlineData("trainer", "trainer/status trainer/run trainer/response/mes trainer/models/flange")]
    [InlineData("agent", "trainer/status trainer/response/mes cam1/verdict cam1/status")]
    [InlineData("engineer", "trainer/command")]
    [InlineData("dashboard", "")]
    [InlineData("plc", "")]
    public async Task Only_the_trainer_speaks_for_itself_and_only_an_engineer_commands_it(string role, string writes)
    {
        using IMqttClient client = await ConnectAsync(role);
        List<string> taken = [];
        foreach (string topic in (string[])["trainer/command", "trainer/status", "trainer/run", "trainer/response/mes", "trainer/models/flange", "cam1/verdict", "cam1/status"])
            if (await PublishToAsync(client, $"edge/line1/{topic}", "{}")) taken.Add(topic);
        Assert.Equal(writes, string.Join(' ', taken));
    }

    [Fact]
    public async Task Nobody_comes_in_without_a_certificate_or_with_a_wrong_password()
    {
        using TestCertificates other = new("other authority");
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(Builder(broker.Port, null)));
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(Builder(broker.Port, other.Issue("agent"))));
        MqttClientConnectResult wrong = await ConnectAsync(Builder(broker.PasswordPort, null).WithCredentials("plc", "guessed"));
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, wrong.ResultCode);
        MqttClientConnectResult nobody = await ConnectAsync(Builder(broker.PasswordPort, null));
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, nobody.ResultCode);

        static async Task<MqttClientConnectResult> ConnectAsync(MqttClientOptionsBuilder options)
        {
            using IMqttClient client = new MqttClientFactory().CreateMqttClient();
            return await client.ConnectAsync(options.Build(), Cancel);
        }
    }

    [Fact]
    public async Task The_agent_comes_in_with_a_renewed_certificate_and_answers_the_PLC()
    {
        authority.Write(broker[""], "agent", "agent", TimeSpan.FromHours(-1));   // it has ended
        int http = Ports.Free();
        File.WriteAllText(broker["appsettings.json"], $$"""
            { "Edge": {
              "Http": { "Port": {{http}} }, "Models": "{{broker["models"]}}", "Journal": { "Enabled": false },
              "Mqtt": { "Host": "localhost", "Port": {{broker.Port}}, "UseTls": true, "CaFile": "{{broker["certs/ca.pem"]}}",
                "CertificateFile": "{{broker["agent.pem"]}}", "KeyFile": "{{broker["agent-key.pem"]}}" },
              "Stations": { "cam1": { "Source": { "Kind": "Synthetic" }, "Trigger": { "Mode": "Mqtt" }, "Model": "none" } } } }
            """);
        using RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", broker["appsettings.json"]);
        await Eventually.True(() => agent.Output.Contains("perhaps it does not trust Mqtt:CertificateFile, or that has ended", StringComparison.Ordinal), "the log says why");

        authority.Write(broker[""], "agent", "agent");
        using IMqttClient plc = await ConnectAsync("plc");
        string? status = null, verdict = null;
        plc.ApplicationMessageReceivedAsync += message =>
        {
            string text = message.ApplicationMessage.ConvertPayloadToString();
            if (message.ApplicationMessage.Topic.EndsWith("/verdict", StringComparison.Ordinal)) verdict = text;
            else status = text;
            return Task.CompletedTask;
        };
        await plc.SubscribeAsync("edge/line1/cam1/status", MqttQualityOfServiceLevel.AtLeastOnce, Cancel);
        await plc.SubscribeAsync("edge/line1/cam1/verdict", MqttQualityOfServiceLevel.AtLeastOnce, Cancel);
        await Eventually.True(() => status?.Contains("\"online\"", StringComparison.Ordinal) == true, "the agent is online");
        Assert.True(await PublishAsync(plc, "trigger", """{"jobId":"j"}"""));
        await Eventually.True(() => verdict is not null, "a verdict");
        using JsonDocument json = JsonDocument.Parse(verdict!);
        Assert.Equal(("j", "uninspected"), (json.RootElement.GetProperty("jobId").GetString(), json.RootElement.GetProperty("verdict").GetString()));
        agent.Signal(15);
        Assert.Equal(0, agent.Wait().ExitCode);
        Assert.DoesNotContain("refuses", agent.Output, StringComparison.Ordinal);
    }

    /// <summary>The PLC with its password, everybody else with a certificate.</summary>
    private async Task<IMqttClient> ConnectAsync(string role, string suffix = "")
    {
        IMqttClient client = new MqttClientFactory().CreateMqttClient();
        MqttClientOptionsBuilder options = role == "plc"
            ? Builder(broker.PasswordPort, null).WithCredentials("plc", "of the line")
            : Builder(broker.Port, authority.Issue(role));
        MqttClientConnectResult result = await client.ConnectAsync(options.WithClientId(role + suffix).Build(), Cancel);
        Assert.Equal(MqttClientConnectResultCode.Success, result.ResultCode);
        return client;
    }

    private MqttClientOptionsBuilder Builder(int port, X509Certificate2? certificate)
    {
        X509Certificate2Collection trusted = [];
        trusted.ImportFromPem(authority.Pem);
        return new MqttClientOptionsBuilder().WithTcpServer("localhost", port).WithProtocolVersion(MqttProtocolVersion.V500)
            .WithTlsOptions(tls => tls.UseTls().WithTrustChain(trusted).WithRevocationMode(X509RevocationMode.NoCheck).WithClientCertificates(certificate is null ? [] : [certificate]));
    }

    /// <summary>True when the broker took it.</summary>
    private static Task<bool> PublishAsync(IMqttClient client, string kind, string payload = "{}") => PublishToAsync(client, $"edge/line1/cam1/{kind}", payload);

    private static async Task<bool> PublishToAsync(IMqttClient client, string topic, string payload)
    {
        MqttClientPublishResult result = await client.PublishAsync(
            new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload).WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), Cancel);
        Assert.True(result.IsSuccess || result.ReasonCode == MqttClientPublishReasonCode.NotAuthorized);
        return result.IsSuccess;
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        broker.Dispose();
        authority.Dispose();
    }
}
