using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Imaging;
using Edge.Packages;
using Edge.Training.Data;

namespace Edge.Training.Reports;

/// <summary>What the page's script reads, apart from the pictures: names as in <c>Page/*.js</c>. No path of this machine is in it.</summary>
internal sealed record ReportData
{
    public required string Name { get; init; }
    public required int Version { get; init; }
    public required string Method { get; init; }
    public required string Backbone { get; init; }
    public required string DataName { get; init; }
    public required string EvaluatedAt { get; init; }
    public required float Threshold { get; init; }
    public required float? ReviewFrom { get; init; }
    public required float HeatmapLow { get; init; }
    public required float HeatmapHigh { get; init; }

    /// <summary>Raw map value of the contour.</summary>
    public required float? Contour { get; init; }

    /// <summary>CSS colours from the low to the high end, over a middle gray.</summary>
    public required IReadOnlyList<string> Colors { get; init; }

    public string NormalLabel { get; } = Picture.NormalLabel;

    /// <summary>Folders of the test set, the normal one first.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Of each picture: index into <see cref="Labels"/>, path below the data set's folder, raw score.</summary>
    public required IReadOnlyList<int> Label { get; init; }
    public required IReadOnlyList<string> Files { get; init; }
    public required IReadOnlyList<float> Scores { get; init; }

    /// <summary>Pictures in one block of the page.</summary>
    public int Block { get; } = ReportPage.Block;

    /// <summary>Name and value.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Figures { get; init; }
    public required IReadOnlyList<IReadOnlyList<string>> Model { get; init; }
    public required IReadOnlyList<IReadOnlyList<string>> Dataset { get; init; }

    /// <summary><c>training.csv</c> of the package: epoch, loss, validation loss or null; empty for methods without epochs.</summary>
    public required IReadOnlyList<IReadOnlyList<double?>> Epochs { get; init; }

    /// <summary>Lines to unfold.</summary>
    public required IReadOnlyList<string> Parameters { get; init; }
    public required IReadOnlyList<string> Duplicates { get; init; }
    public required IReadOnlyList<string> Skipped { get; init; }
    public required IReadOnlyList<string> Masks { get; init; }

    public static ReportData Of(Package package, Dataset dataset, ReportScores scores, DateTimeOffset now)
    {
        Manifest m = package.Manifest;
        string Below(string path) => Path.GetRelativePath(dataset.Folder, path).Replace('\\', '/');
        string[] labels = [.. scores.Pictures.Select(p => p.Label).Distinct().OrderBy(l => l != Picture.NormalLabel).ThenBy(l => l, StringComparer.Ordinal)];
        return new ReportData
        {
            Name = m.Name,
            Version = m.Version,
            Method = m.Method,
            Backbone = m.Backbone.Name,
            DataName = Path.GetFileName(dataset.Folder),
            EvaluatedAt = Time(now),
            Threshold = m.Calibration.Threshold,
            ReviewFrom = m.Calibration.ReviewFrom,
            HeatmapLow = m.Calibration.HeatmapRange.Low,
            HeatmapHigh = m.Calibration.HeatmapRange.High,
            Contour = m.Calibration.Pixel?.Threshold,
            Colors = [.. Enumerable.Range(0, 64).Select(i => Heatmap.ColorOf((byte)(i * 255 / 63), 128)).Select(c => $"rgb({c.R} {c.G} {c.B})")],
            Labels = labels,
            Label = [.. scores.Pictures.Select(p => Array.IndexOf(labels, p.Label))],
            Files = [.. scores.Pictures.Select(p => Below(p.File))],
            Scores = [.. scores.Pictures.Select(p => p.Score)],
            Figures = Facts(
                ("image AUROC", Figure(scores.Figures.ImageAuroc)), ("average precision", Figure(scores.Figures.AveragePrecision)), ("F1-max", Figure(scores.Figures.F1Max)),
                ("pixel AUROC", Figure(scores.Figures.PixelAuroc)), ("AUPRO (limit 0.3)", Figure(scores.Figures.Aupro.Value)), ("AUPIMO", Figure(scores.Figures.Aupimo.Mean))),
            Model = ModelFacts(package),
            Dataset = DatasetFacts(m, dataset, scores),
            Epochs = EpochsOf(package),
            Parameters = [.. m.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key} {p.Value}")],
            Duplicates = [.. dataset.Duplicates.Select(d => $"{Below(d.Dropped)} = {Below(d.Kept)}")],
            Skipped = [.. scores.Skipped.Select(s => $"{Below(s.Path)}: {s.Reason}")],
            Masks = [.. scores.UnusableMasks.Select(s => $"{Below(s.Path)}: {s.Reason}")],
        };
    }

    public string ToJson() => JsonSerializer.Serialize(this, ReportJson.Default.ReportData);

    private static IReadOnlyList<IReadOnlyList<string>> ModelFacts(Package package)
    {
        Manifest m = package.Manifest;
        byte[] manifest = File.ReadAllBytes(Path.Combine(package.Folder, "manifest.json"));
        return Facts(
        [
            ("Name and version", $"{m.Name} version {m.Version}"),
            ("Digest", $"{Convert.ToHexStringLower(SHA256.HashData(manifest))} (SHA-256 of manifest.json, which names every file's)"),
            ("Method and backbone", $"{m.Method}, {m.Backbone.Name} (SHA-256 {m.Backbone.Sha256})"),
            ("Published", $"{Time(m.CreatedAt)}{(m.GitCommit is { } commit ? $", by commit {commit}" : "")}"),
            ("Input", $"{m.Input.Width} × {m.Input.Height} pixels{(m.Input.Tiles is { } t ? $" in {new TileGrid(m.Input).Count} tiles of {t.Width} × {t.Height}" : "")}{(m.Input.Roi is { } r ? $", of the region {r.X},{r.Y} {r.Width} × {r.Height}" : ", of the whole frame")}{(m.Input.Mask is { } mask ? $", black outside the mask {mask}" : "")}"),
            ("Threshold", $"{m.Calibration.Threshold.ToString(CultureInfo.InvariantCulture)} by {m.Calibration.Method}"),
            ("Review band", m.Calibration.ReviewFrom is { } from ? $"scores from {from.ToString(CultureInfo.InvariantCulture)} up to the threshold" : "none"),
            ("Promise", string.Join(" ", new[] { m.Calibration.Promise, m.Calibration.ReviewPromise }.OfType<string>().DefaultIfEmpty("none"))),
            ("Pixel threshold", m.Calibration.Pixel is { } pixel ? $"{pixel.Threshold.ToString(CultureInfo.InvariantCulture)} by {pixel.Method}: the contour in the heatmaps. {pixel.Promise}" : "none"),
            ("Calibrated on", m.Calibration.Data is { } on ? $"{on.Normal} normal and {on.Anomalous} anomalous {(on.Source == "scores" ? "scores" : "pictures")}, digest {on.Digest}{(m.Calibration.DerivedFrom is { } derived ? $"; derived from version {derived}" : "")}" : "held-out pictures of the training set, or as the parameters say"),
            ("Held-out normals", string.Create(CultureInfo.InvariantCulture, $"{m.Calibration.Normals.Count} pictures, mean score {m.Calibration.Normals.Mean:G5}, standard deviation {m.Calibration.Normals.StandardDeviation:G3}, median {m.Calibration.Normals.Quantiles[5]:G5}, 99 % {m.Calibration.Normals.Quantiles[9]:G5}")),
            ("Parity", string.Create(CultureInfo.InvariantCulture, $"{m.Parity.Images} pictures: ONNX Runtime and the training framework differ by at most {m.Parity.MaxRelativeScore:G2} (score) and {m.Parity.MaxRelativeMap:G2} (map), relative; allowed {m.Parity.Tolerance:G2}")),
        ]);
    }

    private static IReadOnlyList<IReadOnlyList<double?>> EpochsOf(Package package)
    {
        string file = Path.Combine(package.Folder, "training.csv");
        return !File.Exists(file) ? [] : [.. File.ReadLines(file).Skip(1).Select(line => line.Split(',').Take(3)
            .Select(v => double.TryParse(v, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : (double?)null).ToArray())];
    }

    private static IReadOnlyList<IReadOnlyList<string>> DatasetFacts(Manifest m, Dataset dataset, ReportScores scores) => Facts(
        ("Trained on", $"{m.Dataset.Training} normal pictures"),
        ("Threshold from", $"{m.Dataset.Calibration} normal pictures"),
        ("Left out in training", $"{m.Dataset.Skipped} unreadable, {m.Dataset.Duplicates} duplicates"),
        ("Digest in training", m.Dataset.Digest),
        ("Evaluated here", $"{scores.Pictures.Count} pictures of test/, by folder in the table above"),
        ("Left out here", $"{scores.Skipped.Count} unusable, {dataset.Duplicates.Count} duplicates"),
        ("Pixel figures", $"{scores.Regions} anomalous regions; without a mask {scores.WithoutMask}, with one that can't be used {scores.UnusableMasks.Count} pictures"),
        ("Digest here", $"{dataset.Digest} ({(dataset.Digest == m.Dataset.Digest ? "the same data" : "other data than in training")})"));

    private static IReadOnlyList<IReadOnlyList<string>> Facts(params (string Name, string Value)[] facts) => [.. facts.Select(f => (string[])[f.Name, f.Value])];

    private static string Figure(double? value) => value?.ToString("F4", CultureInfo.InvariantCulture) ?? "not measurable here";

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}

// The default encoder writes <, >, &, ' and " as \u escapes: a file name can't end the script element it is in.
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReportData))]
internal sealed partial class ReportJson : JsonSerializerContext;
