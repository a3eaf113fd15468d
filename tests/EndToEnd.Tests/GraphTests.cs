using System.Diagnostics;
using System.Globalization;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Xunit;

namespace Edge.Tests;

/// <summary>The exported graph is ONNX for everybody, not only for our own session.</summary>
public sealed class GraphTests(TrainedLine line)
{
    [Fact]
    public void Onnx_checker_accepts_it_and_the_signature_is_the_contract()
    {
        string text = Python.Run("""
            import sys, onnx
            model = onnx.load(sys.argv[1])
            onnx.checker.check_model(model, full_check=True)
            def show(v):
                t = v.type.tensor_type
                return f"{v.name} {t.elem_type} {[d.dim_param or d.dim_value for d in t.shape.dim]}"
            print(model.ir_version, model.opset_import[0].version)
            print(*map(show, list(model.graph.input) + list(model.graph.output)), sep='\n')
            """, "onnx", PackageStore.OpenAny(line.Package).ModelPath);
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int[] versions = [.. lines[0].Split(' ').Select(v => int.Parse(v, CultureInfo.InvariantCulture))];
        Assert.True(versions[0] <= 10 && versions[1] >= 17, lines[0]);
        Assert.Equal(["image 2 ['N', 256, 256, 3]", "image_score 1 ['N']", "anomaly_map 1 ['N', 256, 256]"], lines[1..]);
    }

    [Fact]
    public async Task Another_onnx_runtime_client_gives_the_same_numbers_also_in_a_batch()
    {
        string node = Path.Combine(TestPaths.Repository, "tests/EndToEnd.Tests/node");
        Assert.SkipUnless(Directory.Exists(Path.Combine(node, "node_modules/onnxruntime-node")), "needs onnxruntime-node (npm ci in tests/EndToEnd.Tests/node)");
        using TempFolder folder = new();
        Package package = PackageStore.OpenAny(line.Package);
        string[] pictures = [.. Directory.EnumerateFiles(Path.Combine(line.Data, "test"), "*.*", SearchOption.AllDirectories).Order().Take(6)];
        using AnomalyDetector detector = AnomalyDetector.Load(package);
        Preprocessor preprocessor = new(package.Manifest.Input);
        ImageBuffer picture = new();
        List<float> scores = [], maxima = [];
        using (FileStream raw = File.Create(folder["batch.rgb"]))
        {
            foreach (string file in pictures)
            {
                ImageFile.Read(file, picture);
                preprocessor.Apply(picture, detector.Input);
                raw.Write(detector.Input);
                scores.Add(detector.Run());
                maxima.Add(detector.Map.ToArray().Max());
            }
        }
        ProcessStartInfo start = new("node", [Path.Combine(node, "score.js"), package.ModelPath, folder["batch.rgb"], $"{pictures.Length}", $"{detector.Height}", $"{detector.Width}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await error);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(pictures.Length, lines.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            double[] other = [.. lines[i].Split(' ').Select(v => double.Parse(v, CultureInfo.InvariantCulture))];
            Assert.InRange(Math.Abs(other[0] - scores[i]) / scores[i], 0, 1e-4);
            Assert.InRange(Math.Abs(other[1] - maxima[i]) / maxima[i], 0, 1e-4);
        }
        Assert.True(scores.Distinct().Count() == scores.Count, "different pictures have different scores");
    }
}
