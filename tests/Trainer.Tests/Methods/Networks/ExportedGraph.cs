using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Edge.Tests.Methods.Networks;

/// <summary>What every exported graph is held against.</summary>
internal static class ExportedGraph
{
    /// <summary>onnx.checker and shape inference accept it. Returns IR version, opset, inputs and outputs.</summary>
    public static string Check(string path)
    {
        return Python.Run("""
            import sys, onnx
            model = onnx.load(sys.argv[1])
            onnx.checker.check_model(model, full_check=True)
            print(model.ir_version, model.opset_import[0].version, [(o.name, [d.dim_param or d.dim_value for d in o.type.tensor_type.shape.dim]) for o in [*model.graph.input, *model.graph.output]])
            """, "onnx", path).Trim();
    }

    /// <summary>Three pictures at once give what each gives alone.</summary>
    public static void AssertBatchIsSingles(string path)
    {
        using InferenceSession session = new(path);
        byte[][] pictures = [Pixels(64, 48, 7), Pixels(64, 48, 8), Pixels(64, 48, 9)];
        (float[] scores, float[] maps) = Run(session, [.. pictures.SelectMany(p => p)], 3, 64, 48);
        for (int i = 0; i < 3; i++)
        {
            (float[] score, float[] map) = Run(session, pictures[i], 1, 64, 48);
            Assert.Equal(score[0], scores[i], 1e-4f * score[0]);
            AssertClose(map, maps[(i * map.Length)..((i + 1) * map.Length)]);
        }
        Assert.Equal(3, scores.Distinct().Count());
    }

    public static byte[] Pixels(int width, int height, int seed)
    {
        Random random = new(seed);
        double phase = random.NextDouble() * 6;
        byte[] pixels = new byte[width * height * 3];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(120 + 50 * Math.Sin(i / 3 % width * 0.2 + phase) + 50 * Math.Cos(i / 3 / width * 0.13 * phase) + random.Next(20));
        return pixels;
    }

    private static (float[] Scores, float[] Maps) Run(InferenceSession session, byte[] pixels, int count, int width, int height)
    {
        using OrtValue image = OrtValue.CreateTensorValueFromMemory(pixels, [count, height, width, 3]);
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(options, ["image"], [image], ["image_score", "anomaly_map"]);
        Assert.Equal([count, height, width], results[1].GetTensorTypeAndShape().Shape);
        return (results[0].GetTensorDataAsSpan<float>().ToArray(), results[1].GetTensorDataAsSpan<float>().ToArray());
    }

    public static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        float largest = expected.Max();
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4f * largest);
    }
}
