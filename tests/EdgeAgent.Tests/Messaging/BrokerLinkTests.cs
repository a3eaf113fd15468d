using System.Net;
using System.Security.Cryptography.X509Certificates;
using Edge.Agent.Configuration;
using Edge.Tests.Support;
using MQTTnet.Protocol;
using MQTTnet.Server;
using Xunit;

namespace Edge.Tests.Messaging;

public sealed class BrokerLinkTests
{
    [Theory]
    [InlineData("right", true)]
    [InlineData("wrong", false)]
    public async Task Tls_with_an_own_authority_and_user_and_password_from_files(string password, bool connects)
    {
        using TempFolder folder = new();
        using TestCertificates authority = new();
        await using TestAgent agent = new();
        using MqttServer broker = await StartAsync(authority.Issue("broker"), agent.Options.Mqtt, folder, authority);
        (agent.Options.Mqtt.UsernameFile, agent.Options.Mqtt.PasswordFile) = (folder["user"], folder["password"]);
        File.WriteAllText(folder["user"], "edge\n");
        File.WriteAllText(folder["password"], password + "\n");
        await agent.StartAsync();
        if (connects)
        {
            await agent.UntilAsync(() => agent.Station.Link!.IsConnected, "connected");
            return;
        }
        await agent.UntilAsync(() => agent.Log.Any(line => line.Contains("the broker refuses the user of Mqtt:UsernameFile: BadUserNameOrPassword; check Mqtt:Username", StringComparison.Ordinal)), "refused, and says why");
        Assert.DoesNotContain(agent.Log, line => line.Contains(password, StringComparison.Ordinal));
        File.WriteAllText(folder["password"], "right");   // read again for the next attempt
        await agent.UntilAsync(() => agent.Station.Link!.IsConnected, "connected");
        Assert.InRange(agent.Station.Link!.Failures(BrokerTrouble.Credentials), 1, long.MaxValue);
    }

    [Theory]
    [InlineData("authority", "is not signed by the authority in Mqtt:CaFile")]
    [InlineData("name", "is not for '127.0.0.2'")]
    [InlineData("ended", "only, or one of its authorities' has ended")]
    [InlineData("plain", "the TLS connection failed")]
    public async Task A_broker_that_is_not_trusted_says_why(string fault, string why)
    {
        using TempFolder folder = new();
        using TestCertificates authority = new(), other = new("other authority");
        await using TestAgent agent = new();
        await using TestBroker plain = await TestBroker.StartNewAsync();
        using MqttServer broker = await StartAsync(authority.Issue("broker", fault == "ended" ? TimeSpan.FromHours(-1) : null), agent.Options.Mqtt, folder, fault == "authority" ? other : authority);
        if (fault == "name") agent.Options.Mqtt.Host = "127.0.0.2";
        if (fault == "plain") agent.Options.Mqtt.Port = plain.Port;
        await agent.StartAsync();
        await agent.UntilAsync(() => agent.Log.Any(line => line.Contains(why, StringComparison.Ordinal)), $"'{why}'");
        Assert.False(agent.Station.Link!.IsConnected);
        Assert.Equal(0, agent.Station.Link.Connects);
        Assert.InRange(agent.Station.Link.Failures(BrokerTrouble.Certificate), 1, long.MaxValue);
    }

    [Fact]
    public async Task Certificates_that_end_soon_are_measured_and_warned_of()
    {
        using TempFolder folder = new();
        using TestCertificates authority = new();
        await using TestAgent agent = new();
        using X509Certificate2 shown = authority.Issue("broker", TimeSpan.FromHours(20));
        using MqttServer broker = await StartAsync(shown, agent.Options.Mqtt, folder, authority);
        (agent.Options.Mqtt.Username, agent.Options.Mqtt.PasswordFile) = ("edge", folder["password"]);
        File.WriteAllText(folder["password"], "right");
        authority.Write(folder.Path, "agent", "agent", TimeSpan.FromHours(30));
        (agent.Options.Mqtt.CertificateFile, agent.Options.Mqtt.KeyFile) = (folder["agent.pem"], folder["agent-key.pem"]);
        await agent.StartAsync();
        await agent.UntilAsync(() => agent.Log.Count(line => line.Contains("'s certificate for MQTT ends", StringComparison.Ordinal)) == 2, "two warnings");
        Assert.Contains(agent.Log, line => line.StartsWith("Warning: the client's certificate", StringComparison.Ordinal) && line.EndsWith("in 1 days; renew it", StringComparison.Ordinal));
        using HttpClient http = new();
        string metrics = await http.GetStringAsync(new Uri(agent.Host.Address, "metrics"), TestContext.Current.CancellationToken);
        Assert.Contains($"edge_certificate_expiry_timestamp_seconds{{station=\"cam1\",certificate=\"broker\"}} {new DateTimeOffset(shown.NotAfter).ToUnixTimeSeconds()}", metrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", "none cannot be read")]
    [InlineData("credential:mqtt-password", "add LoadCredential=mqtt-password:")]
    [InlineData("credential:../x", "a name without folders")]
    public void A_password_file_that_is_missing_is_named_at_start(string file, string message)
    {
        EdgeException e = Assert.Throws<EdgeException>(() => Build(file));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_that_does_not_fit_its_key_is_named_at_start()
    {
        using TempFolder folder = new();
        using TestCertificates authority = new();
        authority.Write(folder.Path, "a", "agent");
        authority.Write(folder.Path, "b", "agent");
        EdgeException e = Assert.Throws<EdgeException>(() => Build(null, mqtt => (mqtt.UseTls, mqtt.CertificateFile, mqtt.KeyFile) = (true, folder["a.pem"], folder["b-key.pem"])));
        Assert.Contains("a.pem is not PEM, or does not fit its key", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_verdict_that_the_broker_refuses_does_not_block_the_next_and_comes_when_it_may()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["version"] == "1");
        broker.Refuses = message => message.Topic.EndsWith("/verdict", StringComparison.Ordinal) && Plc.Text(message).Contains("\"jobId\":\"a", StringComparison.Ordinal);
        foreach (string job in (string[])["a1", "a2", "b"]) await plc.TriggerAsync(job);
        await plc.VerdictAsync("b");
        await agent.UntilAsync(() => agent.Station.Publisher.Refused == 2, "two are kept");
        Assert.Contains(agent.Log, line => line.StartsWith("Error: the broker refuses messages on edge/line1/cam1/verdict: NotAuthorized; check its access control list", StringComparison.Ordinal));
        Assert.DoesNotContain(plc.All("verdict"), h => h["jobId"]!.StartsWith('a'));

        broker.Refuses = null;
        await plc.TriggerAsync("c");
        await plc.VerdictAsync("a1");
        await plc.VerdictAsync("a2");
        await agent.UntilAsync(() => agent.Station.Publisher.Refused == 0, "none is kept");
        Assert.Equal(0, agent.Station.Ledger.Lost);
        Assert.Contains(agent.Station.Link!.Refusals.Counts, r => r is { Kind: "verdict", Count: >= 2 });
    }

    private static Agent.AgentHost Build(string? passwordFile, Action<MqttOptions>? configure = null)
    {
        AgentOptions options = new()
        {
            Mqtt = { Username = "edge", PasswordFile = passwordFile },
            Stations = { ["cam1"] = new StationOptions { Model = "m", Source = { Path = "." } } },
        };
        configure?.Invoke(options.Mqtt);
        return Agent.AgentHost.Build(options);
    }

    /// <summary>A broker with TLS, and an agent that trusts <paramref name="trusted"/>.</summary>
    private static async Task<MqttServer> StartAsync(X509Certificate2 certificate, MqttOptions agent, TempFolder folder, TestCertificates trusted)
    {
        File.WriteAllText(folder["ca.pem"], trusted.Pem);
        (agent.Enabled, agent.Host, agent.Port, agent.UseTls, agent.CaFile) = (true, "localhost", Ports.Free(), true, folder["ca.pem"]);
        MqttServer server = new MqttServerFactory().CreateMqttServer(new MqttServerOptionsBuilder()
            .WithoutDefaultEndpoint().WithEncryptedEndpoint().WithEncryptedEndpointPort(agent.Port).WithEncryptedEndpointBoundIPAddress(IPAddress.Any)
            .WithEncryptedEndpointBoundIPV6Address(IPAddress.None).WithEncryptionCertificate(certificate).Build());
        server.ValidatingConnectionAsync += client =>
        {
            if (client is not { UserName: "edge", Password: "right" }) client.ReasonCode = MqttConnectReasonCode.BadUserNameOrPassword;
            return Task.CompletedTask;
        };
        await server.StartAsync();
        return server;
    }
}
