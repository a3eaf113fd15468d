using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Edge.Training.Service.Delivery;
using MQTTnet;
using MQTTnet.Protocol;

namespace Edge.Training.Service.Messaging;

/// <summary>Says, retained, what there is to fetch: <c>models/&lt;model&gt;</c>, each time it has changed. It carries no address: where agents fetch from is in their own configuration.</summary>
internal sealed class Announcer
{
    private readonly string prefix;
    private readonly Offers offers;
    private readonly BrokerLink link;
    private readonly Channel<bool> news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Dictionary<string, ModelOffer> said = [];
    private long connection = -1;

    /// <param name="prefix">Of the topics, up to <c>models/</c>.</param>
    public Announcer(string prefix, Offers offers, BrokerLink link)
    {
        (this.prefix, this.offers, this.link) = (prefix, offers, link);
        offers.Changed += () => news.Writer.TryWrite(true);
        link.Connected += () => news.Writer.TryWrite(true);
    }

    public async Task RunAsync(CancellationToken stop)
    {
        await foreach (bool _ in news.Reader.ReadAllAsync(stop).ConfigureAwait(false))
        {
            await link.WaitConnectedAsync(stop).ConfigureAwait(false);
            if (connection != link.Connects) said.Clear();   // a broker that was started again may have forgotten
            connection = link.Connects;
            try
            {
                IReadOnlyDictionary<string, ModelOffer> now = offers.All;
                foreach (string gone in said.Keys.Except(now.Keys).ToArray())
                {
                    await SendAsync(gone, [], stop).ConfigureAwait(false);
                    said.Remove(gone);
                }
                foreach ((string model, ModelOffer offer) in now)
                {
                    if (said.TryGetValue(model, out ModelOffer? before) && before == offer) continue;
                    await SendAsync(model, JsonSerializer.SerializeToUtf8Bytes(offer, OfferJson.Default.ModelOffer), stop).ConfigureAwait(false);
                    said[model] = offer;
                }
            }
            catch (EdgeException)
            {
                // The connection is away; the next one says everything again.
            }
        }
    }

    private Task<bool> SendAsync(string model, byte[] json, CancellationToken stop) => link.PublishAsync(
        new MqttApplicationMessage
        {
            Topic = prefix + model,
            Payload = new ReadOnlySequence<byte>(json),
            Retain = true,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            ContentType = "application/json",
        },
        stop);
}
