using Edge.Packages;
using Edge.Scoring;
using Microsoft.ML.OnnxRuntime;

namespace Edge.Benchmarks;

/// <summary>
/// Whether several stations with one model should wait for each other: one run of a batch of N against N runs of one, on the same session; and N runs of one on as many
/// threads as there are cores, each run on one thread, which is what stations do. <c>EDGE_PACKAGES</c> as for <c>graphs</c>.
/// </summary>
internal static class BatchBenchmark
{
    public static void Run(string packages)
    {
        foreach (Package package in packages.Split(':').Select(PackageStore.OpenAny))
            foreach (int threads in (int[])[1, Environment.ProcessorCount])
                foreach (int count in (int[])[2, 4, 8]) Measure(package, threads, count);
    }

    private static void Measure(Package package, int threads, int count)
    {
        using SessionOptions all = Accelerator.CreateSessionOptions(new DetectorOptions { Threads = threads }), one = Accelerator.CreateSessionOptions(new DetectorOptions { Threads = 1 });
        using InferenceSession session = new(package.ModelPath, all), single = new(package.ModelPath, one);
        using Bound batch = new(session, package, count);
        Bound[] alone = [.. Enumerable.Range(0, count).Select(_ => new Bound(session, package, 1))], parallel = [.. Enumerable.Range(0, count).Select(_ => new Bound(single, package, 1))];
        Ratio inTurn = Paired.Measure(batch.Run, () =>
        {
            foreach (Bound b in alone) b.Run();
        }, pairs: 15, warmUp: 2);
        Ratio beside = Paired.Measure(batch.Run, () => Parallel.ForEach(parallel, new ParallelOptions { MaxDegreeOfParallelism = threads }, b => b.Run()), pairs: 15, warmUp: 2);
        Console.WriteLine($"batch {count}, {package.Manifest.Name} ({package.Manifest.Backbone.Name}), {threads} thread(s): 1 × {count} / {count} × 1 in turn = {inTurn}; / {count} × 1 beside each other on {threads} thread(s) = {beside}");
        foreach (Bound b in (IEnumerable<Bound>)[.. alone, .. parallel]) b.Dispose();
    }

    /// <summary>A session's input and outputs for so many pictures.</summary>
    private sealed class Bound : IDisposable
    {
        private readonly InferenceSession session;
        private readonly OrtIoBinding binding;
        private readonly RunOptions options = new();
        private readonly OrtValue[] values;

        public Bound(InferenceSession session, Package package, int count)
        {
            this.session = session;
            (int height, int width) = (package.Manifest.Input.Height, package.Manifest.Input.Width);
            byte[] pictures = new byte[count * height * width * 3];
            new Random(1).NextBytes(pictures);
            values =
            [
                OrtValue.CreateTensorValueFromMemory(pictures, [count, height, width, 3]),
                OrtValue.CreateTensorValueFromMemory(new float[count], [count]),
                OrtValue.CreateTensorValueFromMemory(new float[count * height * width], [count, height, width]),
            ];
            binding = session.CreateIoBinding();
            binding.BindInput("image", values[0]);
            binding.BindOutput("image_score", values[1]);
            binding.BindOutput("anomaly_map", values[2]);
        }

        public void Run() => session.RunWithBinding(options, binding);

        public void Dispose()
        {
            binding.Dispose();
            foreach (OrtValue value in values) value.Dispose();
            options.Dispose();
        }
    }
}
