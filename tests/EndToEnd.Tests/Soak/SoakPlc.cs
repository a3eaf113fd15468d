using System.Collections.Concurrent;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace Edge.Tests.Soak;

/// <summary>Triggers of one station at a steady pace. A trigger counts when the broker has it; until then it is sent again with the same jobId.</summary>
internal sealed class SoakPlc(int port, string station, TimeSpan pace)
{
    private readonly ConcurrentQueue<string> sent = new();

    public IReadOnlyCollection<string> Sent => sent;

    public async Task RunAsync(CancellationToken stop)
    {
        using IMqttClient client = new MqttClientFactory().CreateMqttClient();
        MqttClientOptions options = new MqttClientOptionsBuilder().WithTcpServer("127.0.0.1", port).WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500).WithClientId($"plc-{station}").Build();
        using PeriodicTimer timer = new(pace);
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            string jobId = $"{station}-{i}";
            while (!await SendAsync(client, options, jobId)) await Task.Delay(50, CancellationToken.None);
            sent.Enqueue(jobId);
            try
            {
                await timer.WaitForNextTickAsync(stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<bool> SendAsync(IMqttClient client, MqttClientOptions options, string jobId)
    {
        try
        {
            if (!client.IsConnected) await client.ConnectAsync(options, CancellationToken.None);
            MqttClientPublishResult result = await client.PublishAsync(new MqttApplicationMessageBuilder().WithTopic($"edge/soak/{station}/trigger")
                .WithPayload($$"""{"jobId":"{{jobId}}"}""").WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build(), CancellationToken.None);
            return result.ReasonCode == MqttClientPublishReasonCode.Success;   // not: nobody is subscribed
        }
        catch (Exception e) when (e is MqttCommunicationException or MqttClientDisconnectedException or InvalidOperationException or OperationCanceledException)
        {
            return false;
        }
    }
}
