using System.Buffers;
using Edge.Agent.Capture;
using Edge.Agent.Configuration;
using Edge.Agent.Demo;
using Edge.Agent.Diagnostics;
using Edge.Agent.Drift;
using Edge.Agent.Inspection;
using Edge.Agent.Messaging;
using Edge.Agent.Models;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;
using MQTTnet;
using MQTTnet.Protocol;

namespace Edge.Benchmarks;

/// <summary>
/// The agent's whole path per frame — 1280×1024 BGR in memory → inspection thread → verdict acknowledged by an MQTT broker on
/// loopback, a heatmap of every part drawn on its own thread — against the bare ONNX Runtime session on the same graph, in blocks
/// of frames, so that what runs beside the next frame is paid for.
/// </summary>
internal static class AgentBenchmark
{
    private const int Block = 20;

    public static void Run(string packageFolder)
    {
        Package package = PackageStore.OpenAny(packageFolder);
        HeatmapOptions usual = new() { For = HeatmapFor.All };
        foreach (HeatmapOptions heatmaps in (HeatmapOptions[])[new() { Enabled = false }, usual, new() { For = HeatmapFor.All, MaxPerSecond = 1000 }])
            Run(package, heatmaps).GetAwaiter().GetResult();
    }

    private static async Task Run(Package package, HeatmapOptions drawing)
    {
        TimeProvider time = TimeProvider.System;
        await using EmbeddedBroker broker = await EmbeddedBroker.StartAsync(0).ConfigureAwait(false);
        using CancellationTokenSource stop = new();
        Topics topics = new("bench", "station1");
        await using BrokerLink link = new(new MqttOptions { Host = "127.0.0.1", Port = broker.Port }, BrokerIdentity.WithStatus("bench", topics.Status), new Dictionary<string, Action<MqttApplicationMessage, Action>>(), time, NullLogger.Instance);
        Task linked = link.RunAsync(stop.Token);
        await link.WaitConnectedAsync(stop.Token).ConfigureAwait(false);

        StationMetrics metrics = new(new AgentMetrics(), "station1");
        Ledger ledger = new(10_000, time);
        StationQueues queues = new(4);
        EvidenceQueue evidence = new(drawing, time);
        ModelSlot slot = new();
        using Inspector inspector = new(slot, time, NullLogger.Instance);
        slot.Offer(new LoadedModel(package, Recipe.None, AnomalyDetector.Load(package), time.GetUtcNow()));
        VerdictPublisher publisher = new(link, topics, ledger, metrics, time, NullLogger.Instance);
        HeatmapLoop heatmaps = new(evidence, link, topics, stop.Token);
        StationDrift drift = new(new DriftOptions(), new StateFile(Path.GetTempPath(), "unused.drift"), time, NullLogger.Instance);
        InspectionLoop inspection = new(inspector, ledger, queues, evidence, metrics, drift, null, time, stop.Token);
        Task publishing = publisher.RunAsync(stop.Token);
        foreach (LoopThread thread in (LoopThread[])[new("inspection", time, inspection.Run, Fail), new("heatmaps", time, heatmaps.Run, Fail)]) thread.Start();

        for (int i = 0; i < queues.Capacity && queues.Pool.TryTake(out Frame? frame); i++)
        {
            FillWithGolden(frame.Image, package);
            queues.Pool.TryAdd(frame);
        }
        long number = 0;
        void Agent()
        {
            long end = number + Block;
            while (number < end)
            {
                if (!queues.Pool.TryTake(out Frame? frame, TimeSpan.FromSeconds(10))) throw new TimeoutException("no frame came back");
                long now = time.GetTimestamp();
                Job job = ledger.Open($"part-{++number}", null, null, null, now);
                (job.GrabStarted, job.GrabEnded, job.Frame) = (now, now, frame);
                queues.Frames.TryAdd(job);
            }
            SpinWait.SpinUntil(() => publisher.Published == number);
        }

        using SessionOptions options = Accelerator.CreateSessionOptions(new DetectorOptions());
        using InferenceSession session = new(package.ModelPath, options);
        using RunOptions run = new();
        using OrtIoBinding binding = session.CreateIoBinding();
        InputSpec input = package.Manifest.Input;
        byte[] picture = new byte[input.Height * input.Width * 3];
        ImageBuffer golden = new();
        FillWithGolden(golden, package);
        new Preprocessor(input).Apply(golden, picture);
        using OrtValue image = OrtValue.CreateTensorValueFromMemory(picture, [1, input.Height, input.Width, 3]);
        using OrtValue score = OrtValue.CreateTensorValueFromMemory(new float[1], [1]);
        using OrtValue map = OrtValue.CreateTensorValueFromMemory(new float[input.Height * input.Width], [1, input.Height, input.Width]);
        binding.BindInput("image", image);
        binding.BindOutput("image_score", score);
        binding.BindOutput("anomaly_map", map);

        Ratio ratio = Paired.Measure(Agent, () =>
        {
            for (int i = 0; i < Block; i++) session.RunWithBinding(run, binding);
        }, pairs: 21, warmUp: 2);

        long drawn = heatmaps.Sent, before = GC.GetTotalAllocatedBytes(precise: true);
        Agent();
        double perFrame = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Block;
        double mqtt = await PublishAllocations(link, topics, stop.Token).ConfigureAwait(false);
        drawn = heatmaps.Sent - drawn;
        Console.WriteLine($"agent path, {package.Manifest.Backbone.Name}, {(drawing.Enabled ? $"at most {drawing.MaxPerSecond} heatmaps/s" : "no heatmaps")}: agent / bare session = {ratio} per {Block} frames; "
            + $"{perFrame:F0} bytes allocated per frame, of which MQTTnet's publish {mqtt:F0}; {drawn} heatmaps in the last {Block} frames, ledger difference {ledger.Awaiting}");

        queues.Frames.Complete();
        ledger.Complete();
        await publishing.ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await linked.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>What one QoS 1 publish of a verdict allocates in MQTTnet, client and embedded broker together.</summary>
    private static async Task<double> PublishAllocations(BrokerLink link, Topics topics, CancellationToken stop)
    {
        byte[] payload = new byte[450];
        double least = double.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < Block; i++)
                await link.PublishAsync(new MqttApplicationMessage { Topic = topics.Verdict, Payload = new ReadOnlySequence<byte>(payload), QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce, ContentType = "application/json" }, stop).ConfigureAwait(false);
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Block);
        }
        return least;
    }

    /// <summary>A golden image of the package, enlarged to 1280×1024 by repeating pixels: a frame whose content the model knows.</summary>
    private static void FillWithGolden(ImageBuffer frame, Package package)
    {
        ImageBuffer golden = new();
        ImageFile.Read(package.GoldenPath(package.Golden.Images[0]), golden);
        Span<byte> pixels = frame.Reset(1280, 1024, PixelFormat.Bgr24);
        for (int y = 0; y < 1024; y++)
            for (int x = 0; x < 1280; x++)
                golden.Pixels.Slice((y * golden.Height / 1024 * golden.Width + x * golden.Width / 1280) * 3, 3).CopyTo(pixels[((y * 1280 + x) * 3)..]);
    }

    private static void Fail(string loop, Exception e) => Environment.FailFast(loop, e);
}
