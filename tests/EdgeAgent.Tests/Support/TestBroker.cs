using System.Collections.Concurrent;
using System.Net;
using MQTTnet;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Edge.Tests.Support;

/// <summary>A real broker on a loopback port of its own that can be stopped and started again (it forgets its sessions then).</summary>
internal sealed class TestBroker : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Topic, byte[] Payload)> received = new();
    private MqttServer? server;

    /// <summary>Every message a client has published, over restarts, in order.</summary>
    public IEnumerable<(string Topic, byte[] Payload)> Received => received;

    /// <summary>What it acknowledges with a refusal, as an access control list does.</summary>
    public Func<MqttApplicationMessage, bool>? Refuses { get; set; }

    public int Port { get; } = Ports.Free();

    public static async Task<TestBroker> StartNewAsync()
    {
        TestBroker broker = new();
        await broker.StartAsync();
        return broker;
    }

    public async Task StartAsync()
    {
        MqttServerOptions options = new MqttServerOptionsBuilder()
            .WithDefaultEndpoint()
            .WithDefaultEndpointBoundIPAddress(IPAddress.Loopback)
            .WithDefaultEndpointBoundIPV6Address(IPAddress.None)
            .WithDefaultEndpointPort(Port)
            .WithDefaultEndpointReuseAddress()
            .WithPersistentSessions()
            .WithMaxPendingMessagesPerClient(100_000)
            .Build();
        server = new MqttServerFactory().CreateMqttServer(options);
        server.InterceptingPublishAsync += published =>
        {
            if (Refuses?.Invoke(published.ApplicationMessage) == true)
            {
                (published.ProcessPublish, published.Response.ReasonCode) = (false, MqttPubAckReasonCode.NotAuthorized);
                return Task.CompletedTask;
            }
            received.Enqueue((published.ApplicationMessage.Topic, System.Buffers.BuffersExtensions.ToArray(published.ApplicationMessage.Payload)));
            return Task.CompletedTask;
        };
        await server.StartAsync();
    }

    public async Task StopAsync()
    {
        if (server is null) return;
        await server.StopAsync();
        server.Dispose();
        server = null;
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}
