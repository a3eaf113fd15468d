using System.CommandLine;
using System.Text.Json;
using Edge.Imaging;
using Edge.Journal;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Data;
using Edge.Training.Cli;
using Edge.Training.Onnx;
using Xunit;

namespace Edge.Tests.Runs;

/// <summary>The command on a package whose graph can be read off the pictures: the map is the brightness, the score its maximum.</summary>
public sealed class CalibrateTests : IDisposable
{
    private const int Side = 16;
    private readonly TempFolder folder = new();
    private readonly PackageStore store;

    public CalibrateTests()
    {
        store = new PackageStore(folder["models"]);
        using PackageDraft draft = store.Begin("part");
        GraphBuilder graph = new("brightness");
        string map = graph.Node("ReduceMean", [graph.Node("Cast", [graph.Input("image", 0, Side, Side, 3)], ("to", 1))], ("axes", new long[] { 3 }), ("keepdims", 0));
        graph.Output("image_score", graph.Node("ReduceMax", [map], ("axes", new long[] { 1, 2 }), ("keepdims", 0)), 0);
        graph.Output("anomaly_map", map, 0, Side, Side);
        graph.Save(Path.Combine(draft.Folder, "model.onnx"));
        ImageFile.WritePng(Path.Combine(draft.Folder, "golden", "0001.png"), Enumerable.Repeat((byte)7, Side * Side * 3).ToArray(), Side, Side, PixelFormat.Rgb24);
        draft.WriteGolden(new GoldenSet { Tolerance = 1e-3, Images = [new GoldenImage("0001.png", 7, 7)] });
        File.WriteAllText(Path.Combine(draft.Folder, "report.html"), "old");
        draft.Publish((version, files) => new Manifest
        {
            SchemaVersion = Manifest.CurrentSchema,
            Name = "part",
            Version = version,
            Method = "brightness",
            Backbone = new BackboneInfo("none", new string('0', 64)),
            Input = new InputSpec { Width = Side, Height = Side },
            Calibration = new Calibration { Method = "test", Threshold = 50, Normals = ScoreStatistics.Of([1]), HeatmapRange = new ValueRange(0, 100), ReviewFrom = 40 },
            Evaluation = new EvaluationSummary { Normal = 1, Anomalous = 1, ImageAuroc = 0.5, AccuracyByFolder = new Dictionary<string, double> { ["good"] = 1 } },
            Dataset = new DatasetInfo(new string('0', 64), 1, 1, 0, 0),
            Parity = new ParityInfo(1, 0, 0, 1e-4),
            Parameters = new Dictionary<string, string>(),
            CreatedAt = DateTimeOffset.UnixEpoch,
            Files = files,
        });
        // Scores: normal 20 30 40 90, anomalous 60 80 100 120; the brightest pixel is at (4, 4).
        foreach ((string label, byte[] scores) in new[] { ("good", (byte[])[20, 30, 40, 90]), ("crack", [60, 80, 100, 120]) })
        {
            foreach (byte score in scores)
            {
                byte[] gray = [.. Enumerable.Repeat((byte)10, Side * Side)];
                gray[4 * Side + 4] = score;
                Directory.CreateDirectory(folder[$"data/test/{label}"]);
                ImageFile.WritePng(folder[$"data/test/{label}/{score}.png"], gray, Side, Side, PixelFormat.Mono8);
                if (label == "crack") Pictures.WriteMask(folder[$"data/ground_truth/crack/{score}_mask.png"], Side, Side, (x, y) => (x, y) == (4, 4));
            }
        }
    }

    public void Dispose() => folder.Dispose();

    private Task<int> Calibrate(params string[] args) =>
        CommandLine.RunAsync(new RootCommand { CalibrateCommand.Create() }, ["calibrate", "--package", folder["models/part"], .. args]);

    private string Csv(string text)
    {
        File.WriteAllText(folder["scores.csv"], text);
        return folder["scores.csv"];
    }

    [Fact]
    public async Task Pictures_make_a_new_version_with_the_same_graph()
    {
        Assert.Equal(0, await Calibrate("--data", folder["data"], "--method", "max-fnr", "--pixel", "f1-max"));
        Package old = store.Open("part", 1), now = store.OpenCurrent("part");
        Assert.Equal(2, now.Manifest.Version);
        Calibration c = now.Manifest.Calibration;
        Assert.Equal(("max-fnr", 50f, 1), (c.Method, c.Threshold, c.DerivedFrom));   // midway between 40 and 60
        Assert.StartsWith("0 misses in 4 anomalous pictures", c.Promise, StringComparison.Ordinal);
        Assert.Equal(("pictures", 4, 4), (c.Data!.Source, c.Data.Normal, c.Data.Anomalous));
        Assert.Equal(40, c.ReviewFrom);                                              // still below the threshold: kept
        Assert.Contains("1 of 4 normal and 0 of 4 anomalous", c.ReviewPromise, StringComparison.Ordinal);
        Assert.Equal(4, c.Normals.Count);
        Assert.Equal(old.Manifest.Calibration.HeatmapRange, c.HeatmapRange);
        Assert.Equal(50, c.Pixel!.Threshold, 0.1f);                                  // 10 and 20–40 below; at 60 all of the anomalous, one of the normal pixels
        Assert.Equal(("f1-max", old.Manifest.Files["model.onnx"]), (c.Pixel.Method, now.Manifest.Files["model.onnx"]));
        Assert.Equal(0.75, now.Manifest.Evaluation!.AccuracyByFolder["good"]);
        Assert.Contains("max-fnr", File.ReadAllText(Path.Combine(now.Folder, "report.html")), StringComparison.Ordinal);
        using AnomalyDetector detector = AnomalyDetector.Load(now);
        detector.CheckGolden(now);
        Assert.Equal("old", File.ReadAllText(Path.Combine(old.Folder, "report.html")));
    }

    [Fact]
    public async Task Dry_run_and_the_table_publish_nothing_and_no_current_leaves_current()
    {
        Assert.Equal(0, await Calibrate("--data", folder["data"], "--method", "youden", "--review", "fnr=0", "--dry-run"));
        Assert.Equal(0, await Calibrate("--data", folder["data"], "--all", "--markdown"));
        Assert.Equal(0, await Calibrate("--data", folder["data"]));
        Assert.Equal([1], store.Versions("part"));
        Assert.Equal(0, await Calibrate("--data", folder["data"], "--method", "youden", "--review", "none", "--no-current"));
        Assert.Equal([1, 2], store.Versions("part"));
        Assert.Equal(1, store.Current("part"));
        Assert.Null(store.Open("part", 2).Manifest.Calibration.ReviewFrom);
    }

    [Fact]
    public async Task Scores_of_production_say_what_would_have_been_rejected_and_a_given_threshold_is_published()
    {
        string production = Csv(string.Join('\n', Enumerable.Range(0, 100)));
        StringWriter said = new();
        Training.Runs.CalibrationSource source = Training.Runs.CalibrationSource.OfFile(production, last: 80);
        Training.Runs.CalibrationResult result = Training.Runs.CalibrationRun.Execute(
            store.OpenCurrent("part"), source, new(new() { Method = "fixed", Threshold = 90 }, null, false, null, false));
        Assert.Equal((80, 10, 50), (result.After.Parts, result.After.Rejected, result.After.Reviewed));
        Assert.Equal((80, 50, 10), (result.Before.Parts, result.Before.Rejected, result.Before.Reviewed));
        CalibrationTables.Write(new Terminal(said, interactive: false, TimeProvider.System), store.OpenCurrent("part"), null, 1, source, result, new(new() { Method = "fixed", Threshold = 90 }, null, false, null, false));
        Assert.Contains("With threshold 90 the last 80 parts would have had 10 rejects (12.5 %) and 50 reviews.", said.ToString(), StringComparison.Ordinal);

        Assert.Equal(0, await Calibrate("--scores", production, "--threshold", "90"));
        Calibration c = store.OpenCurrent("part").Manifest.Calibration;
        Assert.Equal(("fixed", 90f), (c.Method, c.Threshold));
        Assert.Null(c.Data);
        EvaluationSummary kept = store.OpenCurrent("part").Manifest.Evaluation!;
        Assert.Equal((0.5, 0), (kept.ImageAuroc, kept.AccuracyByFolder.Count));   // AUROC needs no threshold, accuracy was that of another
        Assert.Equal(1, await Calibrate("--scores", production, "--method", "youden"));   // parts nobody knows choose no threshold
        Assert.Equal([1, 2], store.Versions("part"));
    }

    [Fact]
    public async Task A_plain_folder_of_normals_is_enough_for_split_conformal()
    {
        Directory.Move(folder["data/test/good"], folder["normals"]);
        Assert.Equal(1, await Calibrate("--data", folder["normals"], "--method", "youden"));
        Assert.Equal(1, await Calibrate("--data", folder["normals"], "--method", "split-conformal", "--max-fpr", "0.01"));   // 4 pictures can't
        Assert.Equal(0, await Calibrate("--data", folder["normals"], "--method", "split-conformal", "--pixel", "max-fpr=0.01"));
        Calibration c = store.OpenCurrent("part").Manifest.Calibration;
        Assert.Equal(MathF.BitIncrement(90), c.Threshold);
        Assert.Equal((4, 0), (c.Data!.Normal, c.Data.Anomalous));
        Assert.InRange(c.Pixel!.Threshold, 10.0001f, 19.99f);   // 4 of 1024 pixels may lie above, 10 of them the rate allows
        // What a model was trained on says nothing about its threshold.
        Directory.CreateDirectory(folder["trained/train"]);
        Directory.Move(folder["normals"], folder["trained/train/good"]);
        Assert.Equal(1, await Calibrate("--data", folder["trained"], "--method", "split-conformal"));
    }

    [Theory]
    [InlineData("--method otsu", 1)]
    [InlineData("--method youden --threshold 3", 1)]
    [InlineData("--method min-cost --cost-escape 3", 1)]
    [InlineData("--threshold NaN", 2)]
    [InlineData("--threshold 1e60", 1)]
    [InlineData("--review fnr", 1)]
    [InlineData("--review 50", 1)]                  // not below the threshold
    [InlineData("--pixel split-conformal", 1)]
    [InlineData("--pixel f1-max", 1)]               // needs maps
    [InlineData("--all --method youden", 1)]
    [InlineData("--last 5", 1)]
    [InlineData("", 1)]                             // nothing to look at
    public async Task Mistakes_are_said_and_nothing_is_published(string args, int code)
    {
        Assert.Equal(code, await Calibrate(args.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal([1], store.Versions("part"));
        Assert.Equal(["1", "current", "history.jsonl"], Directory.EnumerateFileSystemEntries(folder["models/part"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Numbers_alone_need_no_scores_and_a_package_outside_a_models_folder_has_no_place_for_a_version()
    {
        Assert.Equal(0, await Calibrate("--threshold", "70", "--review", "65", "--pixel", "33"));
        Calibration c = store.OpenCurrent("part").Manifest.Calibration;
        Assert.Equal((70f, 65f, 33f), (c.Threshold, c.ReviewFrom, c.Pixel!.Threshold));
        Directory.Move(folder["models/part/2"], folder["elsewhere"]);
        Assert.Equal(1, await CommandLine.RunAsync(new RootCommand { CalibrateCommand.Create() }, ["calibrate", "--package", folder["elsewhere"], "--threshold", "3"]));
        Assert.Equal(0, await CommandLine.RunAsync(new RootCommand { CalibrateCommand.Create() }, ["calibrate", "--package", folder["elsewhere"], "--threshold", "3", "--dry-run"]));
    }

    [Fact]
    public async Task A_threshold_is_tried_on_the_parts_of_the_journal_that_this_graph_scored()
    {
        Assert.Equal(0, await Calibrate("--threshold", "60"));                                       // version 2: the same graph
        using (JournalFile journal = JournalFile.OpenForWriting(folder["journal.db"]))
        {
            string Part(int i, string score, string model, int version) => $$"""{"jobId":"{{i}}","partId":null,"verdict":"accept","score":{{score}},"model":{{model}},"version":{{version}}}""";
            journal.Append([.. Enumerable.Range(0, 100).Select(i => new JournalRecord("s1", JournalKind.Part, DateTimeOffset.UnixEpoch, Part(i, $"{i}.5", "\"part\"", 1 + i % 2)))]);
            journal.Append([.. Enumerable.Range(100, 5).Select(i => new JournalRecord("s2", JournalKind.Part, DateTimeOffset.UnixEpoch, Part(i, "99", "\"part\"", 9)))]);     // version 9 is gone: nobody knows its graph
            journal.Append([new JournalRecord("s2", JournalKind.Part, DateTimeOffset.UnixEpoch, Part(105, "99", "\"other\"", 1)), new JournalRecord("s1", JournalKind.Late, DateTimeOffset.UnixEpoch, Part(1, "99", "\"part\"", 1))]);
            journal.Append([new JournalRecord("s2", JournalKind.Part, DateTimeOffset.UnixEpoch, """{"jobId":"106","partId":null,"verdict":"uninspected","score":null,"model":null,"version":null}""")]);
        }
        Package package = store.OpenCurrent("part");
        Training.Runs.CalibrationSource all = Training.Runs.CalibrationSource.OfJournal(package, folder["journal.db"], null, null);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => i + 0.5f), all.All);
        Assert.Equal((1, 6, 100), (all.Uninspected, all.OtherModels, all.Unlabelled));
        Training.Runs.CalibrationResult tried = Training.Runs.CalibrationRun.Execute(package, all, new(new() { Method = "fixed", Threshold = 90 }));
        Assert.Equal((100, 40, 10), (tried.Before.Parts, tried.Before.Rejected, tried.After.Rejected));
        Assert.Equal(10, Training.Runs.CalibrationSource.OfJournal(package, folder["journal.db"], "s1", 10).All.Length);

        Assert.Equal(0, await Calibrate("--journal", folder["journal.db"], "--last", "50", "--threshold", "90"));
        Assert.Equal("the agent's journal (43 parts)", store.OpenCurrent("part").Manifest.Parameters["calibratedOn"]);
        Assert.Equal(1, await Calibrate("--journal", folder["journal.db"], "--method", "youden"));     // nobody knows what the parts were
        Assert.Equal(1, await Calibrate("--journal", folder["journal.db"], "--station", "s2"));
        Assert.Equal(1, await Calibrate("--journal", folder["absent.db"]));
        Assert.Equal(1, await Calibrate("--journal", folder["journal.db"], "--scores", Csv("1,good\n")));
        Assert.Equal(1, await Calibrate("--scores", Csv("1,good\n"), "--station", "s2"));
    }

    [Fact]
    public void The_document_has_no_NaN_and_every_method()
    {
        Package package = store.OpenCurrent("part");
        Training.Runs.CalibrationSource source = Training.Runs.CalibrationSource.OfFile(Csv("1,good\n2,good\n3,good\n4,good\n"), null);
        string json = Training.Runs.CalibrationDocument.Of(package, null, source,
            Training.Runs.CalibrationRun.Execute(package, source, new(null, null, false, null, false)),
            Training.Runs.CalibrationRun.All(source, new() { Method = "youden", Costs = new(1, 1, 0.5) })).ToJson();
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement[] methods = [.. document.RootElement.GetProperty("methods").EnumerateArray()];
        Assert.Equal(7, methods.Length);
        Assert.Equal(6, methods.Count(m => m.GetProperty("reason").ValueKind == JsonValueKind.String));   // one class only
        Assert.Equal(4, methods.Single(m => m.GetProperty("reason").ValueKind == JsonValueKind.Null).GetProperty("choice").GetProperty("confusion").GetProperty("trueAccepts").GetInt32());
    }
}
