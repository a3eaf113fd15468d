using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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
    public async Task Tls_with_an_own_authority_and_a_password_from_a_file(string password, bool connects)
    {
        using TempFolder folder = new();
        using X509Certificate2 authority = Certificate("CN=test authority", null), certificate = Certificate("CN=localhost", authority);
        File.WriteAllText(folder["ca.pem"], authority.ExportCertificatePem());
        File.WriteAllText(folder["password"], password + "\n");
        int port = Ports.Free();
        using MqttServer broker = await StartAsync(certificate, port);
        await using TestAgent agent = new();
        (agent.Options.Mqtt.Enabled, agent.Options.Mqtt.Host, agent.Options.Mqtt.Port) = (true, "localhost", port);
        (agent.Options.Mqtt.UseTls, agent.Options.Mqtt.CaFile) = (true, folder["ca.pem"]);
        (agent.Options.Mqtt.Username, agent.Options.Mqtt.PasswordFile) = ("edge", folder["password"]);
        await agent.StartAsync();
        if (connects) await agent.UntilAsync(() => agent.Station.Link!.IsConnected, "connected");
        else await agent.UntilAsync(() => agent.Log.Any(line => line.Contains("BadUserNameOrPassword", StringComparison.Ordinal)), "refused, and says why");
    }

    [Fact]
    public async Task A_broker_of_another_authority_is_not_trusted()
    {
        using TempFolder folder = new();
        using X509Certificate2 authority = Certificate("CN=test authority", null), other = Certificate("CN=other authority", null), certificate = Certificate("CN=localhost", authority);
        File.WriteAllText(folder["ca.pem"], other.ExportCertificatePem());
        int port = Ports.Free();
        using MqttServer broker = await StartAsync(certificate, port);
        await using TestAgent agent = new();
        (agent.Options.Mqtt.Enabled, agent.Options.Mqtt.Host, agent.Options.Mqtt.Port) = (true, "localhost", port);
        (agent.Options.Mqtt.UseTls, agent.Options.Mqtt.CaFile) = (true, folder["ca.pem"]);
        await agent.StartAsync();
        await agent.UntilAsync(() => agent.Log.Any(line => line.Contains("no broker at localhost", StringComparison.Ordinal)), "an attempt");
        Assert.False(agent.Station.Link!.IsConnected);
        Assert.Equal(0, agent.Station.Link.Connects);
    }

    [Fact]
    public void A_password_file_that_is_missing_is_named_at_start()
    {
        using TempFolder folder = new();
        EdgeException e = Assert.Throws<EdgeException>(() => Edge.Agent.AgentHost.Build(new Agent.Configuration.AgentOptions
        {
            Mqtt = { Username = "edge", PasswordFile = folder["none"] },
            Stations = { ["cam1"] = new Agent.Configuration.StationOptions { Model = "m", Source = { Path = folder.Path } } },
        }));
        Assert.Contains(folder["none"], e.Message, StringComparison.Ordinal);
    }

    private static async Task<MqttServer> StartAsync(X509Certificate2 certificate, int port)
    {
        MqttServer server = new MqttServerFactory().CreateMqttServer(new MqttServerOptionsBuilder()
            .WithoutDefaultEndpoint().WithEncryptedEndpoint().WithEncryptedEndpointPort(port).WithEncryptedEndpointBoundIPAddress(IPAddress.Loopback)
            .WithEncryptedEndpointBoundIPV6Address(IPAddress.None).WithEncryptionCertificate(certificate).Build());
        server.ValidatingConnectionAsync += client =>
        {
            if (client is not { UserName: "edge", Password: "right" }) client.ReasonCode = MqttConnectReasonCode.BadUserNameOrPassword;
            return Task.CompletedTask;
        };
        await server.StartAsync();
        return server;
    }

    private static X509Certificate2 Certificate(string name, X509Certificate2? issuer)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(issuer is null, false, 0, true));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        if (issuer is null) return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 bare = request.Create(issuer, now.AddHours(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(key);
    }
}
