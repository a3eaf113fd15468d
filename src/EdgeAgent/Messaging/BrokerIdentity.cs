using System.Buffers;
using MQTTnet;
using MQTTnet.Protocol;

namespace Edge.Agent.Messaging;

/// <summary>Who a client is to the broker.</summary>
/// <param name="Will">Asked for each attempt to connect: what the broker publishes when the connection breaks.</param>
/// <param name="KeepSession">The broker keeps subscriptions and messages for a while.</param>
/// <param name="RetainedTopic">The subscription whose retained message is wanted. A retained trigger is not a part that stands in front of the camera, a retained command is nobody's wish of now.</param>
internal sealed record BrokerIdentity(string ClientId, Func<MqttApplicationMessage> Will, bool KeepSession = true, string? RetainedTopic = null)
{
    public static BrokerIdentity OfStation(string clientId, Topics topics)
    {
        MqttApplicationMessage will = new()
        {
            Topic = topics.Status,
            Payload = new ReadOnlySequence<byte>("""{"state":"offline"}"""u8.ToArray()),
            Retain = true,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        };
        return new BrokerIdentity(clientId, () => will);
    }
}
