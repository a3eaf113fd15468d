using Edge.Imaging;
using Edge.Training.Benchmarks;
using Xunit;

namespace Edge.Tests.Benchmarks;

public sealed class BenchmarkTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>The table of docs/accuracy.md says what docs/benchmark.jsonl measured.</summary>
    [Fact]
    public void The_documented_table_is_made_from_the_committed_results()
    {
        string document = File.ReadAllText(Path.Combine(TestPaths.Repository, "docs/accuracy.md"));
        BenchmarkResults results = new(Path.Combine(TestPaths.Repository, "docs/benchmark.jsonl"));
        Assert.NotEmpty(results.Rows);
        Document.Compare("docs/accuracy.md", BenchmarkTable.Into(document, BenchmarkTable.Of(results.Rows)));
    }

    [Fact]
    public void Rows_come_back_from_the_file_and_a_damaged_line_is_named()
    {
        BenchmarkRow row = Row(seed: 0, auroc: 0.9);
        new BenchmarkResults(folder["results.jsonl"]).Add(row);
        BenchmarkResults again = new(folder["results.jsonl"]);
        Assert.Equal([row], again.Rows);
        Assert.True(again.Has(row.Key));
        Assert.False(again.Has(Row(seed: 1, auroc: 0.9).Key));
        File.AppendAllText(folder["results.jsonl"], "{\"dataset\":");
        Assert.Contains("line 2", Assert.Throws<EdgeException>(() => new BenchmarkResults(folder["results.jsonl"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Seeds_of_a_run_are_one_row_with_mean_and_range()
    {
        string table = BenchmarkTable.Of([Row(0, 0.90), Row(1, 0.96), Row(2, 0.93), Row(0, 1) with { Dataset = "aa", PixelAuroc = null }]);
        string[] lines = table.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.StartsWith("| aa (31; 14 + 32) | fcdd --outliers $DIR | edge18 | 1.000 | – |", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("| cookies (31; 14 + 32) | fcdd --outliers $DIR | edge18 | 0.930 (0.900–0.960) | 0.700 (0.700–0.700) |", lines[3], StringComparison.Ordinal);
        Assert.EndsWith("| 0, 1, 2 |", lines[3], StringComparison.Ordinal);
        Assert.Equal("a\n<!-- benchmark: begin -->\nTABLE<!-- benchmark: end -->\nz", BenchmarkTable.Into("a\n<!-- benchmark: begin -->\nold\n<!-- benchmark: end -->\nz", "TABLE"));
        Assert.Throws<EdgeException>(() => BenchmarkTable.Into("a", "TABLE"));
    }

    [Fact]
    public void Times_beside_other_programs_are_not_quoted()
    {
        string Times(params BenchmarkRow[] rows) => BenchmarkTable.Of(rows).Split('\n')[2].Split('|')[7] + BenchmarkTable.Of(rows).Split('\n')[2].Split('|')[8];
        BenchmarkRow quiet = Row(0, 1) with { OtherCores = 0.1 }, busy = Row(1, 1) with { OtherCores = 0.9, TrainingSeconds = 600, InferenceMilliseconds = 300 };
        Assert.Equal(" 60 (100)  30 ", Times(quiet, busy));
        Assert.Equal(" busy (100)  busy ", Times(busy));
    }

    [Fact]
    public void Other_programs_are_counted_and_this_one_is_not()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("/proc/stat");
        OtherLoad load = new();
        TimeSpan until = Environment.CpuUsage.TotalTime + TimeSpan.FromSeconds(0.5);
        while (Environment.CpuUsage.TotalTime < until) Thread.SpinWait(1000);
        double alone = load.Cores!.Value;
        Assert.InRange(alone, 0, Environment.ProcessorCount);
        OtherLoad beside = new();
        using (System.Diagnostics.Process other = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh", ["-c", "timeout 3 sh -c 'while :; do :; done'; true"]))!)
            other.WaitForExit();
        Assert.InRange(beside.Cores!.Value, 0.2, Environment.ProcessorCount + 0.1);
    }

    [Fact]
    public void A_variable_that_is_not_set_is_said()
    {
        BenchmarkCase what = new("data", "fcdd --outliers $EDGE_NO_SUCH_VARIABLE", 0, new InputSpec { Width = 256, Height = 256 });
        Assert.Contains("$EDGE_NO_SUCH_VARIABLE", Assert.Throws<EdgeException>(() => what.Words()).Message, StringComparison.Ordinal);
    }

    private static BenchmarkRow Row(int seed, double auroc) => new()
    {
        Dataset = "cookies",
        Run = "fcdd --outliers $DIR --backbone $TRUNK",
        Seed = seed,
        Size = "256×256",
        Method = "fcdd",
        Backbone = "edge18",
        Trained = 31,
        TestNormal = 14,
        TestAnomalous = 32,
        ImageAuroc = auroc,
        PixelAuroc = 0.7,
        Aupro = 0.5,
        TrainingSeconds = 60,
        TrainingProcessorSeconds = 100,
        InferenceMilliseconds = 30,
        Threads = 2,
        PackageBytes = 5_000_000,
        Processor = "a processor",
        GitCommit = null,
        CreatedAt = DateTimeOffset.UnixEpoch,
    };
}
