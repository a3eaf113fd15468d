using System.CommandLine;
using System.Globalization;
using Edge.Training.Data;
using Edge.Training.Data.Quality;

namespace Edge.Training.Cli;

internal static class SplitCommand
{
    private static readonly Option<string> Data = new("--data") { Required = true, HelpName = "DIR", Description = "Pictures in folders good/ and <defect>/ (masks in ground_truth/<defect>/), in the MVTec layout, or a plain folder of normal ones." };
    private static readonly Option<string> Out = new("--out") { Required = true, HelpName = "DIR", Description = "Folder to write; must not exist or be empty." };
    private static readonly Option<string> Parts = new("--parts") { HelpName = "T/V/T", Description = "Per cent to train on, to choose thresholds on, to test on.", DefaultValueFactory = _ => "70/10/20" };
    private static readonly Option<bool> Link = new("--link") { Description = "Hard links instead of copies: no space, same file system." };

    public static Command Create()
    {
        Command command = new("split", """
            Deals pictures out for training, validation (thresholds) and test, by content: the same pictures are always dealt the same,
            and adding some moves few of the others. Anomalous pictures are never trained on; they go to validation and test in their
            proportion. Second copies are left out, near duplicates stay together. What is there is copied or linked, never moved.

            Writes train/good, test/good, test/<defect>, ground_truth/<defect>; the same for thresholds below validation/; split.json.

            Examples:
              edge-trainer split --data sorted --out parts
              edge-trainer split --data sorted --out parts --parts 60/20/20 --link
              edge-trainer train --method patchcore --data parts --calibrate-on parts/validation/test/good --name flange --models models
            """)
        { Data, Out, Parts, Link };
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed, ct), ct));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken ct)
    {
        Terminal terminal = new(json: false);
        SplitPlan plan = Plan(parsed.GetValue(Parts)!);
        string source = Path.GetFullPath(parsed.GetRequiredValue(Data));
        using StagedFolder staged = new(parsed.GetRequiredValue(Out));
        List<SkippedPicture> unreadable = [];
        IReadOnlyList<ExaminedPicture> pictures = Examination.Run(DataFolder.Files(source), unreadable, terminal, ct);
        foreach (SkippedPicture u in unreadable) terminal.Warn($"left out {u.Path}: {u.Reason}");
        Part[] parts = plan.Deal(pictures);
        if (!parts.Contains(Part.Train) || !parts.Contains(Part.Test)) throw new EdgeException($"{pictures.Count} readable pictures of {source} are too few to split: training and test would not both have one.");
        DatasetWriter writer = new(staged.Staging, parsed.GetValue(Link) ? LinkMode.Always : LinkMode.Never);
        SplitEntry[] entries = [.. pictures.Select((p, i) =>
        {
            ct.ThrowIfCancellationRequested();
            string? place = parts[i] switch { Part.Train => "train", Part.Validation => "validation/test", Part.Test => "test", _ => null };
            return new SplitEntry(p.File.Name, place is null ? null : writer.Add(p.File.Path, place, p.File.Label, DataFolder.MaskOf(source, p.File)), p.Sha256);
        })];
        try
        {
            File.WriteAllBytes(Path.Combine(staged.Staging, SplitDocument.File), new SplitDocument(Path.GetFileName(source), plan.Train, plan.Validation, entries).ToJson());
            staged.Publish();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The split can't be written: {e.Message}", e);
        }
        foreach (Part part in (Part[])[Part.Train, Part.Validation, Part.Test])
        {
            IEnumerable<string> labels = pictures.Where((_, i) => parts[i] == part).GroupBy(p => p.File.Label).OrderBy(g => g.Key != Picture.NormalLabel).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}");
            terminal.Line($"{part.ToString().ToLowerInvariant(),-10} {string.Join(", ", labels)}");
        }
        if (parts.Count(p => p == Part.None) is > 0 and int copies) terminal.Line($"left out   {copies} second copies, or pictures with two labels (split.json names them)");
        return 0;
    }

    /// <exception cref="EdgeException">Not three percentages that add up to 100.</exception>
    private static SplitPlan Plan(string text)
    {
        int[] numbers = [.. text.Split('/').Select(t => int.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : -1)];
        return numbers is [> 0 and < 100 and var train, >= 0 and var validation, > 0 and var test] && train + validation + test == 100
            ? new SplitPlan(train / 100.0, validation / 100.0)
            : throw new EdgeException($"--parts is '{text}'; it needs three per cent figures that add up to 100, such as 70/10/20 (validation may be 0).");
    }
}
