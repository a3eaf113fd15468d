using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;
using Edge.Agent.Inspection;
using MQTTnet;
using MQTTnet.Protocol;

namespace Edge.Agent.Messaging;

/// <summary>
/// Tells the line that a triggered part's exposure is over and it may move. Worth something only now: what can't be sent at
/// once is dropped, and the verdict says the rest.
/// </summary>
internal sealed class AcquiredPublisher(BrokerLink link, Topics topics)
{
    private readonly Channel<Job> queue =
        Channel.CreateBounded<Job>(new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public void Offer(Job job) => queue.Writer.TryWrite(job);

    public async Task RunAsync(CancellationToken stop)
    {
        await foreach (Job job in queue.Reader.ReadAllAsync(stop).ConfigureAwait(false))
        {
            if (!link.IsConnected) continue;
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(new AcquiredMessage(job.Id, job.PartId, job.CapturedAt), MessageJson.Default.AcquiredMessage);
            try
            {
                await link.PublishAsync(
                    new MqttApplicationMessage
                    {
                        Topic = topics.Acquired,
                        Payload = new ReadOnlySequence<byte>(json),
                        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                        ContentType = "application/json",
                    },
                    stop).ConfigureAwait(false);
            }
            catch (EdgeException)
            {
                // The connection has just gone; the part will not be told twice.
            }
        }
    }
}
