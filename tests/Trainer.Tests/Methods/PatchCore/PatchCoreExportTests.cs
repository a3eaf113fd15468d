using Edge.Imaging;
using Edge.Scoring;
using Edge.Training.Backbones;
using Edge.Training.Methods.PatchCore;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.PatchCore;

public sealed class PatchCoreExportTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Trunk trunk = Backbone.Load(null).Trunk;
    private readonly IDisposable inference = no_grad();

    public void Dispose()
    {
        inference.Dispose();
        folder.Dispose();
    }

    /// <summary>Graph and TorchSharp against loops in float64 over the same embeddings: distances, eq. 6 and 7, then the map.</summary>
    [Theory]
    [InlineData(64, 64, 700, 9)]    // two chunks, the second one partial
    [InlineData(72, 40, 9, 9)]      // grids of 9×5 and 5×3
    [InlineData(40, 64, 4, 9)]      // fewer rows than neighbours
    [InlineData(64, 64, 300, 3)]
    [InlineData(64, 64, 300, 0)]    // eq. 6 alone
    [InlineData(64, 64, 700, 9, "Float16")]
    [InlineData(64, 64, 700, 9, "Int8")]
    [InlineData(72, 40, 600, 9, "Float32", 20)]
    [InlineData(64, 64, 600, 9, "Int8", 40)]
    public void Scores_and_maps_equal_the_equations_written_as_loops(int width, int height, int bankRows, int neighbours, string storage = "Float32", int? components = null)
    {
        using DisposeScope scope = NewDisposeScope();
        InputSpec input = new() { Width = width, Height = height };
        MemoryBank bank = Bank(input, bankRows, neighbours, Enum.Parse<BankStorage>(storage), components);
        new PatchCoreExport(trunk, bank, input).Save(folder["model.onnx"]);
        using AnomalyDetector detector = AnomalyDetector.Load(folder["model.onnx"], width, height);
        using PatchCoreModel model = new(trunk, bank);
        for (int seed = 100; seed < 104; seed++)
        {
            byte[] pixels = Pixels(input, seed);
            pixels.CopyTo(detector.Input);
            float score = detector.Run();
            (Tensor torchScore, Tensor torchMap) = model.Score(tensor(pixels, [1, height, width, 3]));
            (double expected, float[] map) = Loops(Embeddings(input, pixels), bank, neighbours, input);
            Assert.Equal(expected, score, 1e-5 * expected);
            Assert.Equal(expected, torchScore.item<float>(), 1e-5 * expected);
            AssertClose(map, detector.Map.ToArray());
            AssertClose(map, torchMap.data<float>().ToArray());
        }
    }

    [Fact]
    public void A_patch_that_is_in_the_bank_is_at_distance_zero()
    {
        InputSpec input = new() { Width = 64, Height = 64 };
        byte[] pixels = Pixels(input, 1);
        MemoryBank bank = MemoryBank.Of(Embeddings(input, pixels), Dimension, 9, TestContext.Current.CancellationToken);
        new PatchCoreExport(trunk, bank, input).Save(folder["model.onnx"]);
        using AnomalyDetector detector = AnomalyDetector.Load(folder["model.onnx"], 64, 64);
        pixels.CopyTo(detector.Input);
        // The expanded form |x|² − 2 x·m + |m|² alone gives some 0.01 here.
        Assert.InRange(detector.Run(), 0, 1e-4f);
        Assert.All(detector.Map.ToArray(), d => Assert.InRange(d, 0, 1e-4f));
    }

    [Fact]
    public void A_batch_of_three_is_three_singles()
    {
        InputSpec input = new() { Width = 64, Height = 48 };
        new PatchCoreExport(trunk, Bank(input, 600), input).Save(folder["model.onnx"]);
        using InferenceSession session = new(folder["model.onnx"]);
        byte[][] pictures = [Pixels(input, 7), Pixels(input, 8), Pixels(input, 9)];
        (float[] scores, float[] maps) = Run(session, [.. pictures.SelectMany(p => p)], 3, input);
        for (int i = 0; i < 3; i++)
        {
            (float[] score, float[] map) = Run(session, pictures[i], 1, input);
            Assert.Equal(score[0], scores[i], 1e-5f * score[0]);
            AssertClose(map, maps[(i * map.Length)..((i + 1) * map.Length)]);
        }
        Assert.Equal(3, scores.Distinct().Count());
    }

    [Theory]
    [InlineData("Float32", null)]
    [InlineData("Float16", null)]
    [InlineData("Int8", 30)]
    public void Onnx_checker_and_shape_inference_accept_the_graph(string storage, int? components)
    {
        InputSpec input = new() { Width = 72, Height = 40 };
        new PatchCoreExport(trunk, Bank(input, 600, 9, Enum.Parse<BankStorage>(storage), components), input).Save(folder["model.onnx"]);
        string output = Python.Run("""
            import sys, onnx
            model = onnx.load(sys.argv[1])
            onnx.checker.check_model(model, full_check=True)
            print([(o.name, [d.dim_param or d.dim_value for d in o.type.tensor_type.shape.dim]) for o in model.graph.output])
            """, "onnx", folder["model.onnx"]);
        Assert.Equal("[('image_score', ['N']), ('anomaly_map', ['N', 40, 72])]", output.Trim());
    }

    /// <summary>A row costs the file what the memory budget counts, or a few bytes less.</summary>
    [Theory]
    [InlineData("Float32", null)]
    [InlineData("Float16", null)]
    [InlineData("Int8", null)]
    [InlineData("Int8", 30)]
    public void The_file_holds_the_bank_once_and_the_budget_bounds_it(string storage, int? components)
    {
        InputSpec input = new() { Width = 64, Height = 64 };
        MemoryBank small = Bank(input, 100, 9, Enum.Parse<BankStorage>(storage), components), large = Bank(input, 4100, 9, Enum.Parse<BankStorage>(storage), components);
        new PatchCoreExport(trunk, small, input).Save(folder["small.onnx"]);
        new PatchCoreExport(trunk, large, input).Save(folder["large.onnx"]);
        double perRow = (new FileInfo(folder["large.onnx"]).Length - new FileInfo(folder["small.onnx"]).Length) / 4000.0;
        long counted = MemoryBank.BytesPerRow(large.Dimension, 9, large.Storage);
        Assert.InRange(perRow, counted - 8, counted);
        int bytes = storage switch { "Int8" => 1, "Float16" => 2, _ => 4 };
        Assert.Equal((components ?? Dimension) * bytes + 4 + 9 * 4 + 8, counted);
    }

    [Theory]
    [InlineData("Float16", null)]
    [InlineData("Int8", 30)]
    public void A_bank_is_read_back_from_its_graph_bit_by_bit(string storage, int? components)
    {
        InputSpec input = new() { Width = 72, Height = 40 };
        MemoryBank bank = Bank(input, 600, 9, Enum.Parse<BankStorage>(storage), components);
        new PatchCoreExport(trunk, bank, input).Save(folder["model.onnx"]);
        MemoryBank read = BankGraph.Read(new Training.Onnx.GraphFile(folder["model.onnx"]));
        Assert.Equal(bank.Rows, read.Rows);
        Assert.Equal((bank.Dimension, bank.Storage), (read.Dimension, read.Storage));
        Assert.Equal(bank.Centre, read.Centre);
        Assert.Equal(bank.Components, read.Components);
        Assert.Equal(bank.Neighbours, read.Neighbours);
    }

    [Fact]
    public void Real_pictures_score_the_same_in_onnx_runtime_and_torchsharp()
    {
        string[] files = [.. Directory.EnumerateFiles(TestPaths.Shared("datasets/dobot_cubes/test"), "*.jpg", SearchOption.AllDirectories).Order().Take(4)];
        using DisposeScope scope = NewDisposeScope();
        InputSpec input = new() { Width = 256, Height = 256 };
        Preprocessor preprocessor = new(input);
        ImageBuffer frame = new();
        byte[] pixels = new byte[256 * 256 * 3];
        ImageFile.Read(files[0], frame);
        preprocessor.Apply(frame, pixels);
        MemoryBank bank = MemoryBank.Of(Embeddings(input, pixels), Dimension, 9, TestContext.Current.CancellationToken);
        new PatchCoreExport(trunk, bank, input).Save(folder["model.onnx"]);
        using AnomalyDetector detector = AnomalyDetector.Load(folder["model.onnx"], 256, 256);
        using PatchCoreModel model = new(trunk, bank);
        foreach (string file in files[1..])
        {
            ImageFile.Read(file, frame);
            preprocessor.Apply(frame, detector.Input);
            float score = detector.Run();
            (Tensor expected, Tensor map) = model.Score(tensor(detector.Input.ToArray(), [1, 256, 256, 3]));
            Assert.Equal(expected.item<float>(), score, 1e-5f * score);
            AssertClose(map.data<float>().ToArray(), detector.Map.ToArray());
        }
    }

    private int Dimension => trunk.Layer2.Channels + trunk.Layer3.Channels;

    private MemoryBank Bank(InputSpec input, int rows, int neighbours = 9, BankStorage storage = BankStorage.Float32, int? components = null)
    {
        List<float> all = [];
        for (int seed = 0; all.Count < rows * Dimension; seed++) all.AddRange(Embeddings(input, Pixels(input, seed)));
        float[] picked = [.. all.Take(rows * Dimension)];
        if (components is null) return MemoryBank.Of(picked, Dimension, neighbours, TestContext.Current.CancellationToken, storage);
        PatchSample sample = new(1, rows, Dimension, rows, 0);
        sample.Add(new string('0', 64), picked);
        PrincipalComponents reduced = PrincipalComponents.Of(sample, components, 1, TestContext.Current.CancellationToken);
        return MemoryBank.Of(reduced.Apply(picked), reduced, neighbours, storage, TestContext.Current.CancellationToken);
    }

    /// <summary>Blurred noise: neighbouring pixels are alike, as in a picture.</summary>
    private static byte[] Pixels(InputSpec input, int seed)
    {
        Random random = new(seed);
        double[] phase = [.. Enumerable.Range(0, 6).Select(_ => random.NextDouble() * 6)];
        byte[] pixels = new byte[input.Width * input.Height * 3];
        for (int i = 0; i < pixels.Length; i++)
        {
            int c = i % 3, x = i / 3 % input.Width, y = i / 3 / input.Width;
            pixels[i] = (byte)(120 + 50 * Math.Sin(x * 0.2 + phase[c]) + 50 * Math.Cos(y * 0.13 * phase[3 + c]) + random.Next(20));
        }
        return pixels;
    }

    private float[] Embeddings(InputSpec input, byte[] pixels)
    {
        using DisposeScope scope = NewDisposeScope();
        using TrunkNetwork network = new(trunk);
        (Tensor layer2, Tensor layer3) = network.Forward(tensor(pixels, [1, input.Height, input.Width, 3]));
        return PatchEmbedding.Of(layer2, layer3).data<float>().ToArray();
    }

    private (double Score, float[] Map) Loops(float[] patches, MemoryBank bank, int neighbourCount, InputSpec input)
    {
        int count = patches.Length / Dimension, farthest = 0, matched = 0, k = bank.Dimension;
        double Value(int patch, int at)
        {
            double Centred(int i) => (double)patches[patch * Dimension + i] - bank.Centre[i];
            if (bank.Components.Length == 0) return Centred(at);
            double sum = 0;
            for (int i = 0; i < Dimension; i++) sum += Centred(i) * bank.Components[i * k + at];
            return sum;
        }
        double[] values = [.. Enumerable.Range(0, count * k).Select(i => Value(i / k, i % k))];
        double Distance(int patch, int row)
        {
            double sum = 0;
            for (int i = 0; i < k; i++) sum += Math.Pow(values[patch * k + i] - bank.Rows[row * k + i], 2);
            return Math.Sqrt(sum);
        }
        double[] nearest = new double[count];
        for (int patch = 0; patch < count; patch++)
        {
            int row = Enumerable.Range(0, bank.Count).MinBy(r => Distance(patch, r));
            nearest[patch] = Distance(patch, row);
            if (nearest[patch] > nearest[farthest] || patch == 0) (farthest, matched) = (patch, row);
        }
        double RowDistance(int a, int b) => Enumerable.Range(0, k).Sum(i => Math.Pow((double)bank.Rows[a * k + i] - bank.Rows[b * k + i], 2));
        int[] neighbours = [.. Enumerable.Range(0, bank.Count).OrderBy(r => RowDistance(matched, r)).Take(neighbourCount)];
        double weight = neighbourCount == 0 ? 1 : 1 - Math.Exp(Distance(farthest, matched)) / neighbours.Sum(r => Math.Exp(Distance(farthest, r)));
        int h = input.Height / 8, w = input.Width / 8;
        float[] ah = MapSmoothing.Matrix(h, input.Height), aw = MapSmoothing.Matrix(w, input.Width), map = new float[input.Width * input.Height];
        for (int y = 0; y < input.Height; y++)
        {
            for (int x = 0; x < input.Width; x++)
            {
                double sum = 0;
                for (int i = 0; i < h; i++)
                    for (int j = 0; j < w; j++) sum += (double)ah[y * h + i] * nearest[i * w + j] * aw[x * w + j];
                map[y * input.Width + x] = (float)sum;
            }
        }
        return (weight * nearest[farthest], map);
    }

    private static (float[] Scores, float[] Maps) Run(InferenceSession session, byte[] pixels, int count, InputSpec input)
    {
        using OrtValue image = OrtValue.CreateTensorValueFromMemory(pixels, [count, input.Height, input.Width, 3]);
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(options, ["image"], [image], ["image_score", "anomaly_map"]);
        Assert.Equal([count, input.Height, input.Width], results[1].GetTensorTypeAndShape().Shape);
        return (results[0].GetTensorDataAsSpan<float>().ToArray(), results[1].GetTensorDataAsSpan<float>().ToArray());
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        float largest = expected.Max();
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5f * largest);
    }
}
