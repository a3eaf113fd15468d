using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Reports;

namespace Edge.Training.Runs;

/// <summary>Packages are immutable: another calibration is another version with the same graph and golden images.</summary>
internal static class CalibrationPublisher
{
    /// <exception cref="EdgeException">The package does not lie in a models folder, or can't be written; nothing is left behind.</exception>
    public static Package Publish(Package from, Calibration calibration, EvaluationSummary? evaluation, CalibrationSource source, bool setCurrent, DateTimeOffset now)
    {
        using PackageDraft draft = StoreOf(from).Begin(from.Manifest.Name);
        Manifest manifest = from.Manifest with
        {
            Calibration = calibration,
            Evaluation = evaluation,
            Parameters = new Dictionary<string, string>(from.Manifest.Parameters) { ["calibratedOn"] = CalibratedOn(source) },
            CreatedAt = now,
            GitCommit = TrainingRun.BuiltFrom,
        };
        try
        {
            foreach (string file in from.Manifest.Files.Keys.Where(f => f != "report.html"))
            {
                string target = Path.Combine(draft.Folder, file);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(Path.Combine(from.Folder, file), target);
            }
            File.WriteAllText(Path.Combine(draft.Folder, "report.html"), PackageReport.Html(new ReportContent(
                manifest.Name, manifest.Method, manifest.Backbone, calibration, manifest.Dataset, manifest.Parity, evaluation, manifest.Parameters,
                [], source.Labelled.Normal, source.Labelled.Anomalous, now)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write a new version of {from.Manifest.Name}: {e.Message} Nothing was published.", e);
        }
        return draft.Publish((version, files) => manifest with { Version = version, Files = files }, setCurrent);
    }

    /// <summary>The models folder that a package lies in.</summary>
    public static PackageStore StoreOf(Package package)
    {
        DirectoryInfo folder = new(package.Folder);
        if (folder.Name != $"{package.Manifest.Version}" || folder.Parent?.Name != package.Manifest.Name || folder.Parent.Parent is not { } root)
            throw new EdgeException($"{package.Folder} does not lie in a models folder as {package.Manifest.Name}/{package.Manifest.Version}: a new version has no place. Copy it there, or use --dry-run.");
        return new PackageStore(root.FullName) { Signer = SigningKey.OfEnvironment() };
    }

    private static string CalibratedOn(CalibrationSource source) => source.Data switch
    {
        null => "nothing (by hand)",
        { Source: "journal" } => $"the agent's journal ({source.All.Length} parts)",
        { Source: "scores" } d => $"scores from a file ({d.Normal} normal, {d.Anomalous} anomalous, {source.Unlabelled} unknown)",
        var d => $"separate pictures ({d.Normal} normal, {d.Anomalous} anomalous)",
    };
}
