using System.Buffers;
using System.Text;
using Edge.Agent.Diagnostics;
using Edge.Agent.Inspection;
using Edge.Imaging;
using MQTTnet;
using MQTTnet.Packets;

namespace Edge.Agent.Messaging;

/// <summary>The thread that draws heatmaps and sends them at QoS 0: evidence, never in a verdict's way.</summary>
internal sealed class HeatmapLoop(EvidenceQueue queue, BrokerLink? link, Topics topics, CancellationToken stop)
{
    private long sent, offline, failed;
    private LivePicture? live;

    public long Sent => Interlocked.Read(ref sent);
    public long Offline => Interlocked.Read(ref offline);
    public long Failed => Interlocked.Read(ref failed);

    /// <summary>The newest picture that was drawn while somebody watched; null = none yet.</summary>
    public LivePicture? Live => Volatile.Read(ref live);

    public void Run(Heartbeat heartbeat)
    {
        using Heatmap heatmap = new();
        while (!queue.Ended)
        {
            heartbeat.Beat();
            if (!queue.TryTake(out Evidence? evidence, Heartbeat.Pause)) continue;
            if (!stop.IsCancellationRequested) Send(evidence, heatmap);
            queue.Return(evidence);
        }
    }

    private static MqttUserProperty Property(string name, string value) => new(name, new ArraySegment<byte>(Encoding.UTF8.GetBytes(value)));

    private void Send(Evidence evidence, Heatmap heatmap)
    {
        bool online = link is { IsConnected: true }, watched = queue.Watched;
        if (evidence.Publish && !online) Interlocked.Increment(ref offline);
        if (!watched && !(evidence.Publish && online)) return;
        Job job = evidence.Job!;
        try
        {
            byte[] jpeg = heatmap.EncodeJpeg(evidence.Rgb, evidence.Map, evidence.Width, evidence.Height, evidence.Range!);
            if (watched) Volatile.Write(ref live, new LivePicture(job, evidence.Region, jpeg, ImageFile.Encode(".jpg", evidence.Rgb, evidence.Width, evidence.Height, PixelFormat.Rgb24)));
            if (!evidence.Publish || !online) return;
            MqttApplicationMessage message = new()
            {
                Topic = topics.Heatmap,
                Payload = new ReadOnlySequence<byte>(jpeg),
                ContentType = "image/jpeg",
                UserProperties = [Property("jobId", job.Id), Property("verdict", job.Result!.Verdict.Wire())],
            };
            link!.PublishAsync(message, stop).GetAwaiter().GetResult();
            Interlocked.Increment(ref sent);
        }
        catch (Exception e) when (e is EdgeException or OpenCvSharp.OpenCVException or OperationCanceledException)
        {
            Interlocked.Increment(ref failed);
        }
    }
}
