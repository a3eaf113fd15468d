using System.Net;
using System.Net.Sockets;
using MQTTnet.Server;

namespace Edge.Agent.Demo;

/// <summary>An MQTT broker inside the process, on the loopback address only. For the demo: a line has its own broker.</summary>
internal sealed class EmbeddedBroker : IAsyncDisposable
{
    private readonly MqttServer server;

    public int Port { get; }

    private EmbeddedBroker(MqttServer server, int port) => (this.server, Port) = (server, port);

    /// <param name="port">0 = any free one.</param>
    /// <exception cref="EdgeException">The port is taken.</exception>
    public static async Task<EmbeddedBroker> StartAsync(int port)
    {
        port = FreePort(port);
        MqttServerOptions options = new MqttServerOptionsBuilder()
            .WithDefaultEndpoint()
            .WithDefaultEndpointBoundIPAddress(IPAddress.Loopback)
            .WithDefaultEndpointBoundIPV6Address(IPAddress.None)
            .WithDefaultEndpointPort(port)
            .Build();
        EmbeddedBroker broker = new(new MqttServerFactory().CreateMqttServer(options), port);
        await broker.server.StartAsync().ConfigureAwait(false);
        return broker;
    }

    /// <summary>The port itself, tried first: the server reports a taken one only in its log.</summary>
    private static int FreePort(int port)
    {
        try
        {
            using TcpListener probe = new(IPAddress.Loopback, port);
            probe.Start();
            return ((IPEndPoint)probe.LocalEndpoint).Port;
        }
        catch (SocketException e)
        {
            throw new EdgeException($"Port {port} is taken ({e.Message}): another broker runs here. Choose one with --mqtt-port, or 0 for any free one.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await server.StopAsync().ConfigureAwait(false);
        server.Dispose();
    }
}
