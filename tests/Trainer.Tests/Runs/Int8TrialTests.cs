using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Data;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Methods.PatchCore;
using Edge.Training.Runs;
using Xunit;

namespace Edge.Tests.Runs;

public sealed class Int8TrialTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Real_pictures_make_an_int8_package_that_says_what_it_costs()
    {
        Package package = Train(30, quantise: true);
        Manifest m = package.Manifest;
        Assert.StartsWith("accepted, 15 convolutions", m.Parameters["int8"], StringComparison.Ordinal);
        Assert.Equal(Int8Trial.Tolerance, m.Parity.Tolerance);
        Assert.InRange(m.Parity.MaxRelativeScore, 1e-4, Int8Trial.Tolerance);   // it is another graph
        Assert.StartsWith("score ", m.Parameters["float32Parity"], StringComparison.Ordinal);
        Assert.Equal(["golden", "manifest.json", "model.onnx", "report.html"], Directory.EnumerateFileSystemEntries(package.Folder).Select(Path.GetFileName).Order());
        using AnomalyDetector detector = AnomalyDetector.Load(package);
        detector.CheckGolden(package);
        Assert.True(new FileInfo(package.ModelPath).Length < new FileInfo(Train(30, quantise: false).ModelPath).Length - 1_000_000, "a quarter of the trunk's bytes");
    }

    [Fact]
    public void Without_held_out_pictures_the_graph_stays_float32()
    {
        StringWriter said = new();
        Manifest m = Train(5, quantise: true, said).Manifest;
        Assert.Contains("stays float32", said.ToString(), StringComparison.Ordinal);
        Assert.False(m.Parameters.ContainsKey("int8"));
        Assert.Equal(1e-4, m.Parity.Tolerance);
    }

    [Theory]
    [InlineData(new float[] { 1, 2, 3, 4 }, new float[] { 10, 20, 30, 40 }, 1)]
    [InlineData(new float[] { 1, 2, 3, 4 }, new float[] { 4, 3, 2, 1 }, -1)]
    [InlineData(new float[] { 1, 2, 3, 4, 5 }, new float[] { 5, 6, 7, 8, 7 }, 0.820782681668124)]   // scipy.stats.spearmanr
    [InlineData(new float[] { 2, 2, 2 }, new float[] { 1, 2, 3 }, 0)]
    public void Rank_correlation_is_Spearmans(float[] a, float[] b, double expected) => Assert.Equal(expected, Int8Trial.Spearman(a, b), 1e-12);

    [Theory]
    [InlineData(0.95, 0.945, 0.99, true)]
    [InlineData(0.95, 0.935, 0.99, false)]
    [InlineData(0.95, 0.96, 0.9, false)]
    [InlineData(0.95, 0.935, 0.99, true, 5)]
    [InlineData(0.95, 0.925, 0.99, false, 5)]
    public void It_is_accepted_only_when_order_and_auroc_stay(double floats, double integers, double correlation, bool accepted, int pictures = 20) =>
        Assert.Equal(accepted, new Int8Trial(15, pictures, 64, floats, integers, correlation).Accepted);

    private Package Train(int normals, bool quantise, StringWriter? said = null)
    {
        string data = folder[$"data{normals}"];
        Directory.CreateDirectory(data);
        foreach (string file in Directory.EnumerateFiles(TestPaths.Shared("datasets/dobot_cubes/train/good")).Order().Take(normals)) File.Copy(file, Path.Combine(data, Path.GetFileName(file)), overwrite: true);
        using PatchCoreMethod method = new(Backbone.Load(null), new PatchCoreOptions());
        TrainingOptions options = new() { Data = data, Name = "part", Models = folder["models"], Input = new InputSpec { Width = 128, Height = 128 }, Quantise = quantise };
        Terminal terminal = said is null ? Pictures.Quiet() : new Terminal(said, interactive: false, TimeProvider.System);
        return new TrainingRun(options, method, terminal, TimeProvider.System, TestContext.Current.CancellationToken).Execute().Package;
    }
}
