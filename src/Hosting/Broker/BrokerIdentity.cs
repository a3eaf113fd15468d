using System.Buffers;
using MQTTnet;
using MQTTnet.Protocol;

namespace Edge.Hosting;

/// <summary>Who a client is to the broker.</summary>
/// <param name="Will">Asked for each attempt to connect: what the broker publishes when the connection breaks; null = nothing.</param>
/// <param name="KeepSession">The broker keeps subscriptions and messages for a while.</param>
internal sealed record BrokerIdentity(string ClientId, Func<MqttApplicationMessage>? Will, bool KeepSession = true)
{
    /// <summary>Subscriptions whose retained messages are wanted. A retained trigger is not a part that stands in front of the camera, a retained command is nobody's wish of now.</summary>
    public IReadOnlyList<string> RetainedTopics { get; init; } = [];

    /// <summary>Messages that may wait for their acknowledgement; of more, each waits two seconds at most.</summary>
    public int Held { get; init; } = 16;

    /// <param name="status">Topic where the broker says <c>offline</c> for it, retained.</param>
    public static BrokerIdentity WithStatus(string clientId, string status)
    {
        MqttApplicationMessage will = new()
        {
            Topic = status,
            Payload = new ReadOnlySequence<byte>("""{"state":"offline"}"""u8.ToArray()),
            Retain = true,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        };
        return new BrokerIdentity(clientId, () => will);
    }
}
