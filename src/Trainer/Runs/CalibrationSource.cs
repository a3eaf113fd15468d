using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Evaluation;
using Edge.Training.Thresholds;

namespace Edge.Training.Runs;

/// <summary>What a threshold is chosen with, and what it is tried on.</summary>
internal sealed record CalibrationSource
{
    /// <summary>Of known parts.</summary>
    public required LabelledScores Labelled { get; init; }

    /// <summary>Known parts and what they are; the verdict is not decided yet.</summary>
    public required IReadOnlyList<PictureScore> Pictures { get; init; }

    /// <summary>All scores, in the order of production where there is one.</summary>
    public required float[] All { get; init; }

    /// <summary>Empty unless maps were seen.</summary>
    public PixelMetrics Pixels { get; init; } = new();

    /// <summary>Null without any scores.</summary>
    public CalibrationData? Data { get; init; }

    /// <summary>Parts of the file that have no score because they were not inspected.</summary>
    public int Uninspected { get; init; }

    /// <summary>Parts of the journal that another graph scored: left out, their scores are not comparable.</summary>
    public int OtherModels { get; init; }

    public int Unlabelled => All.Length - Pictures.Count;
    public bool HasBothClasses => Labelled.Normal.Length > 0 && Labelled.Anomalous.Length > 0;

    public static CalibrationSource Nothing { get; } = new() { Labelled = new([], []), Pictures = [], All = [] };

    /// <param name="folder"><c>test/…</c> of a data set, or a plain folder of normal pictures the model has not seen.</param>
    public static CalibrationSource OfPictures(Package package, string folder, int threads, bool strict, Terminal terminal, CancellationToken ct)
    {
        Dataset dataset = DatasetReader.Read(DatasetLayout.Find(folder), strict, terminal, ct);
        if (dataset.Test.Count == 0)
        {
            if (Directory.Exists(Path.Combine(dataset.Folder, "train")))
                throw new EdgeException($"{dataset.Folder} has only train/good: a model scores what it was trained on too low for a threshold. Add test/good (and test/<defect>), or give a plain folder of normal pictures the model has not seen.");
            dataset = dataset with { Train = [], Test = dataset.Train };
        }
        using AnomalyDetector detector = AnomalyDetector.Load(package, new DetectorOptions { Threads = threads });
        detector.CheckGolden(package);
        EvaluationResult result = Evaluator.Run(detector, package.Manifest.Calibration, dataset, package.Manifest.Input, strict, terminal, ct);
        return Of(result.Pictures, [.. result.Pictures.Select(p => p.Score)], "pictures", Dataset.DigestOf(dataset.Test)) with { Pixels = result.Pixels };
    }

    /// <param name="last">Only so many parts from the end; null = all.</param>
    public static CalibrationSource OfFile(string path, int? last)
    {
        ScoreFile file = ScoreFile.Read(path);
        IReadOnlyList<ScoredPart> parts = last is { } n ? [.. file.Parts.TakeLast(n)] : file.Parts;
        PictureScore[] known = [.. parts.Where(p => p.Label is not null).Select(p => new PictureScore("", p.Label!, p.Score, Verdict.Uninspected))];
        return Of(known, [.. parts.Select(p => p.Score)], "scores", file.Digest) with { Uninspected = file.Uninspected };
    }

    /// <summary>Parts that the agent inspected with this graph, whichever version's threshold was in force.</summary>
    /// <param name="station">null = of all stations.</param>
    /// <param name="last">Only so many parts from the end; null = all.</param>
    public static CalibrationSource OfJournal(Package package, string path, string? station, int? last)
    {
        JournalScores scores = JournalScores.Read(path, package, station, last);
        CalibrationSource source = Of([], scores.Scores, "journal", scores.Digest);
        return source with { Uninspected = scores.Uninspected, OtherModels = scores.OtherModels };
    }

    private static CalibrationSource Of(IReadOnlyList<PictureScore> known, float[] all, string source, string digest)
    {
        LabelledScores labelled = new(
            known.Where(p => p.Label == Picture.NormalLabel).Select(p => p.Score), known.Where(p => p.Label != Picture.NormalLabel).Select(p => p.Score));
        return new CalibrationSource
        {
            Labelled = labelled,
            Pictures = known,
            All = all,
            Data = new CalibrationData(source, digest, labelled.Normal.Length, labelled.Anomalous.Length),
        };
    }
}
