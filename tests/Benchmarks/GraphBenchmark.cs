using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Data;
using Edge.Training.Onnx;
using Edge.Training.Onnx.Quantisation;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace Edge.Benchmarks;

/// <summary>
/// Graphs of packages in ONNX Runtime. First against their own floating-point operations at the rate this machine multiplies matrices with
/// the same runtime: 100 % would be a graph that is nothing but one large product. Then int8 against float32: the same graph with
/// quantised convolutions (ranges from its golden images), whole. <c>EDGE_PACKAGES</c>: version folders or models/&lt;name&gt;, with ':' between;
/// <c>EDGE_THREADS</c>: of ONNX Runtime, 0 = all cores.
/// </summary>
internal static class GraphBenchmark
{
    private const int Rows = 1024, Inner = 512, Columns = 4096;

    public static void Run(string packages)
    {
        int threads = int.Parse(Environment.GetEnvironmentVariable("EDGE_THREADS") ?? "0");
        string folder = Directory.CreateTempSubdirectory("edge-benchmark-").FullName;
        try
        {
            using InferenceSession product = Product(Path.Combine(folder, "product.onnx"), threads);
            using OrtValue left = OrtValue.CreateTensorValueFromMemory(new byte[Rows * Inner], [Rows, Inner]);
            using RunOptions run = new();
            void Multiply()
            {
                using IDisposableReadOnlyCollection<OrtValue> result = product.Run(run, ["image"], [left], ["product"]);
            }
            foreach (string package in packages.Split(':')) Measure(PackageStore.OpenAny(package), Multiply, Path.Combine(folder, "int8.onnx"), threads);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(Package package, Action multiply, string path, int threads)
    {
        Manifest m = package.Manifest;
        LoadedPicture[] golden = [.. package.Golden.Images.Select(image => Load(package, image))];
        GraphFile file = new(package.ModelPath);
        IReadOnlyDictionary<string, double> work = GraphWork.Count(file, golden[0].Rgb, m.Input.Height, m.Input.Width);
        using AnomalyDetector detector = AnomalyDetector.Load(package, new DetectorOptions { Threads = threads });
        golden[0].Rgb.CopyTo(detector.Input);
        Ratio ratio = Paired.Measure(() => detector.Run(), multiply, pairs: 31);
        double share = work.Values.Sum() / (2.0 * Rows * Inner * Columns) / ratio.Median;
        string threadWords = threads == 0 ? $"{Environment.ProcessorCount} threads" : $"{threads} thread{(threads == 1 ? "" : "s")}";
        Console.WriteLine($"graph {m.Name} ({m.Method}, {m.Backbone.Name}, {m.Input.Width}×{m.Input.Height}), {threadWords}: {work.Values.Sum() / 1e9:F2} GFLOP "
            + $"({string.Join(", ", work.Select(w => $"{w.Key} {w.Value / 1e9:F2}"))}) at {share:P0} of the matrix product's rate; graph / product = {ratio}");

        ConvolutionalPart part = new(file.Model.Graph);
        if (part.Convolutions.Count == 0) return;
        var ranges = ActivationRanges.Observe(file, part.Values, golden, m.Input.Height, m.Input.Width, threads, CancellationToken.None);
        using (FileStream stream = File.Create(path)) QuantisedGraph.Of(file.Model, part, ranges).WriteTo(stream);
        using AnomalyDetector integers = AnomalyDetector.Load(path, m.Input, new DetectorOptions { Threads = threads });
        golden[0].Rgb.CopyTo(integers.Input);
        Console.WriteLine($"  int8 ({part.Convolutions.Count} convolutions) / float32, whole graph = {Paired.Measure(() => integers.Run(), () => detector.Run(), pairs: 31)}");
    }

    private static LoadedPicture Load(Package package, GoldenImage image)
    {
        InputSpec input = package.Manifest.Input.WithoutRegion();
        ImageBuffer frame = new();
        ImageFile.Read(package.GoldenPath(image), frame);
        byte[] rgb = new byte[input.Width * input.Height * 3];
        new Preprocessor(input).Apply(frame, rgb);
        return new LoadedPicture(new Picture(package.GoldenPath(image), Picture.NormalLabel, null, ""), rgb, frame.Width, frame.Height);
    }

    /// <summary>float32 [Rows, Inner] × [Inner, Columns].</summary>
    private static InferenceSession Product(string path, int threads)
    {
        GraphBuilder graph = new("product");
        Random random = new(1);
        float[] right = [.. Enumerable.Range(0, Inner * Columns).Select(_ => random.NextSingle())];
        string left = graph.Node("Cast", [graph.Input("image", Rows, Inner)], ("to", 1));
        graph.Output("product", graph.Node("MatMul", [left, graph.Constant(right, Inner, Columns)]), Rows, Columns);
        graph.Save(path);
        using SessionOptions options = Accelerator.CreateSessionOptions(new DetectorOptions { Threads = threads });
        return new InferenceSession(path, options);
    }
}
