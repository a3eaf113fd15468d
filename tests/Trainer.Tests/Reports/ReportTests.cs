using System.Globalization;
using System.Text.Json;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Data;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Evaluation;
using Edge.Training.Reports;
using Xunit;

namespace Edge.Tests.Reports;

/// <summary>The report in a real browser: what it shows is computed here a second time, from the pictures.</summary>
public sealed class ReportTests : IDisposable
{
    private const float Threshold = 120;
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Task<int> Command(params string[] args) => ReportCommand.Create().Parse(args).InvokeAsync(new() { EnableDefaultExceptionHandler = false }, Ct);

    /// <summary>Scores with ties within and across the classes, one of them at the threshold.</summary>
    private static readonly (string Label, byte[] Scores)[] Set =
    [
        ("good", [60, 61, 62, 63, 64, 65, 66, 70, 70, 71, 75, 80, 90, 100, 110, 120, 121, 130]),
        ("crack", [62, 100, 110, 119, 120, 140, 150, 151, 180, 200]),
        ("dirt", [70, 118, 160, 250]),
        (Hostile, [200, 201, 202, 117]),
    ];

    private const string Hostile = "<i>odd &amp;";
    private static readonly string[] HostileNames = ["<\u2215script><img src=x onerror=alert(1)>.png", "\"'--><b>.png", "${1}{{script}}.png", "テスト .png"];

    private string Write()
    {
        Brightness.Publish(folder["models"], Threshold);
        foreach ((string label, byte[] scores) in Set)
        {
            for (int i = 0; i < scores.Length; i++)
            {
                string name = label == Hostile ? HostileNames[i] : $"{i:00}.png";
                Brightness.Write(folder[$"data/test/{label}/{name}"], (byte)(i + 1), scores[i]);   // the ground makes equal scores other pictures
                if (label == "crack") Pictures.WriteMask(folder[$"data/ground_truth/crack/{i:00}_mask.png"], Brightness.Side, Brightness.Side, (x, y) => (x, y) == (4, 4));
            }
        }
        return folder["data"];
    }

    private static float[] Scores(bool normal) => [.. Set.Where(s => s.Label == "good" == normal).SelectMany(s => s.Scores).Select(s => (float)s)];

    private static void AssertShows(JsonElement shown)
    {
        double threshold = double.Parse(shown.GetProperty("threshold").GetString()!, CultureInfo.InvariantCulture);
        int rejected = Scores(normal: true).Count(s => s >= threshold), found = Scores(normal: false).Count(s => s >= threshold);
        int normal = Scores(true).Length, anomalous = Scores(false).Length;
        Assert.Equal((rejected, anomalous - found), (shown.GetProperty("falseRejects").GetInt32(), shown.GetProperty("misses").GetInt32()));
        Assert.Equal([normal - rejected, rejected, anomalous - found, found], shown.GetProperty("matrix").EnumerateArray().Select(c => c.GetInt32()));
        foreach ((string label, byte[] scores) in Set) Assert.Equal(scores.Count(s => s >= threshold), shown.GetProperty("rejected").GetProperty(label).GetInt32());
        Assert.EndsWith($"{Percent(found, anomalous)} found, {Percent(rejected, normal)} overkill", shown.GetProperty("roc").GetString(), StringComparison.Ordinal);
        if (rejected + found > 0) Assert.EndsWith($"precision {Percent(found, rejected + found)}, recall {Percent(found, anomalous)}", shown.GetProperty("pr").GetString(), StringComparison.Ordinal);
        Assert.EndsWith($"{rejected} false rejects of {normal}, {anomalous - found} misses of {anomalous}", shown.GetProperty("slider").GetString(), StringComparison.Ordinal);
    }

    private static string Percent(int part, int whole) => (100.0 * part / whole).ToString("F1", CultureInfo.InvariantCulture) + " %";

    private static int Shown(JsonElement shown) => int.Parse(shown.GetProperty("shown").GetString()!.Split(' ')[0], CultureInfo.InvariantCulture);

    private static string[] Tiles(JsonElement shown) => [.. shown.GetProperty("tiles").EnumerateArray().Select(t => t.GetString()!)];

    [Fact]
    public async Task Shows_the_counts_of_the_pictures_at_any_threshold_and_the_pictures_with_their_heatmaps()
    {
        Assert.Equal(0, await Command("--package", folder["models/part"], "--data", Write(), "--out", folder["out/report.html"]));
        Assert.Single(Directory.GetFileSystemEntries(folder["out"]));
        string html = await File.ReadAllTextAsync(folder["out/report.html"], Ct);
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);           // names, labels and the promise are data
        Assert.DoesNotContain(folder.Path, html, StringComparison.Ordinal);
        JsonElement used = ReportBrowser.Use(folder["out/report.html"]);
        Assert.Empty(used.GetProperty("errors").EnumerateArray().Select(e => e.GetString()));
        Assert.Empty(used.GetProperty("faults").EnumerateArray().Select(e => e.GetString()));
        Assert.DoesNotContain(used.GetProperty("accessibility").EnumerateArray().Select(e => e.GetString()!), a => a.StartsWith("serious", StringComparison.Ordinal) || a.StartsWith("critical", StringComparison.Ordinal));
        Assert.Equal("part version 1: evaluation", used.GetProperty("title").GetString());
        AssertThreshold(used);
        AssertGallery(used);
    }

    private static void AssertThreshold(JsonElement used)
    {
        JsonElement start = used.GetProperty("start");
        Assert.Equal(Threshold, float.Parse(start.GetProperty("threshold").GetString()!, CultureInfo.InvariantCulture));
        Assert.Equal((3, 7), (start.GetProperty("falseRejects").GetInt32(), start.GetProperty("misses").GetInt32()));   // a score of 120 is rejected
        Assert.Equal("Training loss over 3 epochs, from 2.5 to 1.25", start.GetProperty("training").GetString());
        JsonElement figures = start.GetProperty("figures");
        Assert.Equal(ImageMetrics.Auroc(Scores(true), Scores(false))!.Value.ToString("F4", CultureInfo.InvariantCulture), figures.GetProperty("image AUROC").GetString());
        Assert.Equal(ImageMetrics.AveragePrecision(Scores(true), Scores(false))!.Value.ToString("F4", CultureInfo.InvariantCulture), figures.GetProperty("average precision").GetString());
        Assert.NotEqual("not measurable here", figures.GetProperty("AUPRO (limit 0.3)").GetString());

        string[] dragged = [.. used.GetProperty("drags").EnumerateArray().Select(d => d.GetProperty("threshold").GetString()!)];
        Assert.Equal(3, dragged.Distinct().Count());
        foreach (JsonElement shown in used.GetProperty("drags").EnumerateArray().Concat(used.GetProperty("keys").EnumerateArray())) AssertShows(shown);
        foreach (string name in (string[])["start", "afterDrag", "typed", "reset", "tapped"]) AssertShows(used.GetProperty(name));
        Assert.Equal(dragged[2], used.GetProperty("afterDrag").GetProperty("threshold").GetString());   // a pointer that only passes does not drag
        Assert.Equal(dragged[1], used.GetProperty("typed").GetProperty("threshold").GetString());
        Assert.Equal(start.GetProperty("threshold").GetString(), used.GetProperty("reset").GetProperty("threshold").GetString());

        double[] keys = [.. used.GetProperty("keys").EnumerateArray().Select(d => double.Parse(d.GetProperty("threshold").GetString()!, CultureInfo.InvariantCulture))];
        double[] distinct = [.. Scores(true).Concat(Scores(false)).Distinct().Order().Select(s => (double)s)];
        Assert.Equal([distinct[0], distinct[1], distinct[2], distinct[1], distinct[11]], keys[..5]);
        Assert.True(keys[5] > distinct[^1], "End accepts everything");
    }

    private static void AssertGallery(JsonElement used)
    {
        JsonElement kinds = used.GetProperty("kinds");
        Assert.Equal((3, 7, 10), (Shown(kinds.GetProperty("falseReject")), Shown(kinds.GetProperty("miss")), Shown(kinds.GetProperty("wrong"))));
        Assert.All(Tiles(kinds.GetProperty("miss")), t => Assert.EndsWith("missed", t, StringComparison.Ordinal));
        Assert.StartsWith("test/crack/00.png, crack, score 62", Tiles(kinds.GetProperty("wrong"))[0], StringComparison.Ordinal);   // the worst error
        string[] highest = Tiles(used.GetProperty("highest"));
        Assert.StartsWith("test/dirt/03.png, dirt, score 250", highest[0], StringComparison.Ordinal);
        foreach (string name in HostileNames) Assert.Contains(highest, t => t.StartsWith($"test/{Hostile}/{name}, {Hostile}, score", StringComparison.Ordinal));
        Assert.Equal(4, Shown(used.GetProperty("folder")));
        Assert.All(Tiles(used.GetProperty("folder")), t => Assert.StartsWith("test/dirt/", t, StringComparison.Ordinal));
        Assert.StartsWith("test/", used.GetProperty("keyboardTile").GetProperty("focused").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("test/good/00.png, good, score 60", used.GetProperty("lastTile").GetProperty("focused").GetString(), StringComparison.Ordinal);
        JsonElement heatmap = used.GetProperty("heatmap");
        Assert.Equal((96, 96, true), (heatmap.GetProperty("width").GetInt32(), heatmap.GetProperty("under").GetInt32(), heatmap.GetProperty("visible").GetBoolean()));
        Assert.True(used.GetProperty("tappedHeat").GetBoolean());
    }

    [Fact]
    public void Five_thousand_pictures_are_a_few_elements()
    {
        Package package = Brightness.Publish(folder["models"], Threshold, reviewFrom: 100);
        using Thumbnails thumbnails = new(package.Manifest.Input, new ValueRange(0, 255));
        Random random = new(1);
        Picture Content(int i) => new(folder[$"data/test/{(i % 10 == 0 ? "crack" : "good")}/{i:00000}.png"], i % 10 == 0 ? "crack" : "good", null, $"{i}");
        // 50 different pictures with texture: as many bytes as real ones.
        (byte[], byte[])[] jpegs = [.. Enumerable.Range(0, 50).Select(i =>
        {
            byte[] rgb = new byte[Brightness.Side * Brightness.Side * 3];
            random.NextBytes(rgb);
            float[] map = [.. Enumerable.Range(0, Brightness.Side * Brightness.Side).Select(p => p % Brightness.Side * 8f)];
            return thumbnails.Encode(new LoadedPicture(Content(i), rgb, 1280, 1024), map);
        })];
        ReportPicture[] pictures = [.. Enumerable.Range(0, 5000).Select(i =>
        {
            Picture p = Content(i);
            return new ReportPicture(p.Path, p.Label, (float)(p.IsNormal ? 60 + 40 * random.NextDouble() : 90 + 100 * random.NextDouble()), jpegs[i % 50].Item1, jpegs[i % 50].Item2);
        })];
        EvaluationFigures figures = Evaluator.Judge([.. pictures.Select(p => new PictureScore(p.File, p.Label, p.Score, Verdict.Uninspected))], new PixelMetrics(), package.Manifest.Calibration).Figures;
        ReportScores scores = new(pictures, [], [], 0, 0, figures);
        Dataset dataset = new() { Folder = folder["data"], Train = [], Test = [.. Enumerable.Range(0, 5000).Select(Content)], Skipped = [], Duplicates = [] };
        ReportPage.Write(folder["report.html"], ReportData.Of(package, dataset, scores, DateTimeOffset.UnixEpoch), pictures);

        JsonElement used = ReportBrowser.Use(folder["report.html"]), timing = used.GetProperty("timing");
        TestContext.Current.SendDiagnosticMessage($"5,000 pictures, {new FileInfo(folder["report.html"]).Length / 1e6:F0} MB: first paint {timing.GetProperty("firstPaint").GetDouble():F0} ms, all read {timing.GetProperty("read").GetDouble():F0} ms");
        Assert.Empty(used.GetProperty("errors").EnumerateArray().Select(e => e.GetString()));
        Assert.Empty(used.GetProperty("faults").EnumerateArray().Select(e => e.GetString()));
        Assert.DoesNotContain(used.GetProperty("accessibility").EnumerateArray().Select(e => e.GetString()!), a => a.StartsWith("serious", StringComparison.Ordinal) || a.StartsWith("critical", StringComparison.Ordinal));
        Assert.Equal(5000, Shown(used.GetProperty("highest")));
        Assert.InRange(used.GetProperty("lastTile").GetProperty("elements").GetInt32(), 100, 1500);   // not one for each picture
        Assert.Equal(96, used.GetProperty("heatmap").GetProperty("width").GetInt32());
        Assert.Equal(3, used.GetProperty("start").GetProperty("matrix").GetArrayLength() / 2);        // accepted, to review, rejected
        JsonElement end = used.GetProperty("drags")[1];
        double threshold = double.Parse(end.GetProperty("threshold").GetString()!, CultureInfo.InvariantCulture);
        Assert.Equal(pictures.Count(p => p.Label == "good" && p.Score >= threshold), end.GetProperty("falseRejects").GetInt32());
        Assert.Equal(pictures.Count(p => p.Label == "crack" && p.Score < Math.Min(100, threshold)), end.GetProperty("misses").GetInt32());
    }

    [Fact]
    public async Task One_class_only_is_shown_without_curves_and_bad_arguments_are_said()
    {
        Brightness.Publish(folder["models"], Threshold);
        Brightness.Write(folder["data/test/good/a.png"], 1, 60);
        Assert.Equal(0, await Command("--package", folder["models/part"], "--data", folder["data"], "--out", folder["report.html"]));
        JsonElement used = ReportBrowser.Use(folder["report.html"]);
        Assert.Empty(used.GetProperty("errors").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal("not measurable here", used.GetProperty("start").GetProperty("figures").GetProperty("image AUROC").GetString());
        Assert.Equal(JsonValueKind.Undefined, used.GetProperty("start").TryGetProperty("roc", out JsonElement roc) ? roc.ValueKind : default);
        Directory.CreateDirectory(folder["place"]);
        EdgeException e = await Assert.ThrowsAsync<EdgeException>(() => Command("--package", folder["models/part"], "--data", folder["data"], "--out", folder["place"]));
        Assert.Contains("--out names a file", e.Message, StringComparison.Ordinal);
        e = await Assert.ThrowsAsync<EdgeException>(() => Command("--package", folder["models/part"], "--data", folder["models"], "--out", folder["r.html"]));
        Assert.False(File.Exists(folder["r.html"]));
    }

    [Theory]
    [InlineData(0, 30)]
    [InlineData(2, 30)]
    [InlineData(16, 60)]
    [InlineData(499, 500)]
    public void Confidence_bounds_are_Clopper_and_Pearsons(int k, int n)
    {
        // At that rate, at most k of n come with probability 5 %; summed from the other end, by recurrence instead of factorials.
        double bound = double.Parse(ReportBrowser.Evaluate("stats.js", $"upperBound({k}, {n})"), CultureInfo.InvariantCulture), more = 0, term = Math.Pow(bound, n);
        for (int i = n; i > k; i--)
        {
            more += term;
            term *= i / (n - i + 1.0) * (1 - bound) / bound;
        }
        Assert.Equal(0.95, more, 1e-9);
    }
}
