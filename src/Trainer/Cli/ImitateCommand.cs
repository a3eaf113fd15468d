using System.CommandLine;
using Edge.Training.Data;
using Edge.Training.Data.Imitations;
using Edge.Training.Data.Quality;

namespace Edge.Training.Cli;

internal static class ImitateCommand
{
    private static readonly Option<string> Data = new("--data") { Required = true, HelpName = "DIR", Description = "The data set; only what train would train on is used (train/good, or the pictures of a plain folder)." };
    private static readonly Option<string> Out = new("--out") { Required = true, HelpName = "DIR", Description = "Folder to write; must not exist or be empty." };
    private static readonly Option<double> Holdout = new("--holdout") { HelpName = "SHARE", Description = "Share of the normal pictures that tests and carries the defects.", DefaultValueFactory = _ => 0.25 };
    private static readonly Option<int?> PerKind = new("--per-kind") { HelpName = "N", Description = "Pictures of each kind of defect. Default: as many as are held out, at most 60." };
    private static readonly Option<ImitatedKind[]> Kinds = new("--kinds") { HelpName = "LIST", Description = "patch, scratch, spot, stain, smear. Default: all.", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<int> Seed = new("--seed") { HelpName = "N", Description = "Another seed, other defects.", DefaultValueFactory = _ => 0 };
    private static readonly Option<bool> Force = new("--force") { Description = "Replace what this command wrote there before." };
    private const int UsualMost = 60;

    public static Command Create()
    {
        Command command = new("imitate", """
            Draws defects on normal pictures and writes them as a data set, masks included: for choosing method, trunk, size and options when
            there are no pictures of real defects, or when those are kept for the final figure. Part of the normal pictures is held out, tests
            and carries the defects; near duplicates stay together. A rehearsal: options that find imitated defects better mostly find real ones
            better, but its figures are not those of real defects, and no threshold should come from it.

            Examples:
              edge-trainer imitate --data parts --out rehearsal
              edge-trainer benchmark --data rehearsal --run "patchcore" --run "patchcore --backbone mobilenet_v2" --run "fcdd"
              edge-trainer imitate --data parts --out scratches --kinds scratch spot --per-kind 200
            """)
        { Data, Out, Holdout, PerKind, Kinds, Seed, Force };
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed, ct), ct));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken ct)
    {
        Terminal terminal = new(json: false);
        double share = parsed.GetValue(Holdout);
        if (share is not (> 0 and < 1)) throw new EdgeException($"--holdout {share} is not a share between 0 and 1.");
        string source = Path.GetFullPath(parsed.GetRequiredValue(Data));
        ImitatedKind[] kinds = parsed.GetValue(Kinds) is { Length: > 0 } chosen ? [.. chosen.Distinct()] : Enum.GetValues<ImitatedKind>();
        using StagedFolder staged = new(parsed.GetRequiredValue(Out), ImitationIndex.File, parsed.GetValue(Force));
        List<SkippedPicture> unreadable = [];
        IReadOnlyList<string> normal = DatasetLayout.Find(source).Train;
        IReadOnlyList<ExaminedPicture> pictures = Examination.Run(
            [.. normal.Select(f => new DataFile(f, Path.GetRelativePath(source, f).Replace('\\', '/'), Picture.NormalLabel))], unreadable, terminal, ct);
        foreach (SkippedPicture u in unreadable) terminal.Warn($"left out {u.Path}: {u.Reason}");
        Part[] parts = new SplitPlan(1 - share, 0).Deal(pictures);
        ExaminedPicture[] held = [.. pictures.Where((_, i) => parts[i] == Part.Test)];
        int trained = parts.Count(p => p == Part.Train);
        if (held.Length == 0 || trained == 0) throw new EdgeException($"{pictures.Count} readable normal pictures of {source} are too few: some are needed to train on and some to draw on.");
        int perKind = Arguments.InRange("--per-kind", parsed.GetValue(PerKind) ?? Math.Min(held.Length, UsualMost), 1, 100_000);
        IReadOnlyList<ImitatedPicture> imitated;
        try
        {
            DatasetWriter writer = new(staged.Staging, LinkMode.Never);
            for (int i = 0; i < pictures.Count; i++)
                if (parts[i] is Part.Train or Part.Test) writer.Add(pictures[i].File.Path, parts[i] == Part.Train ? "train" : "test", Picture.NormalLabel, mask: null);
            imitated = terminal.Progress("drawing defects", progress => new ImitationWriter(staged.Staging, parsed.GetValue(Seed)).Write(held, kinds, perKind, progress, ct));
            File.WriteAllBytes(Path.Combine(staged.Staging, ImitationIndex.File), new ImitationIndex(Path.GetFileName(source), parsed.GetValue(Seed), imitated).ToJson());
            staged.Publish();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The pictures can't be written: {e.Message}", e);
        }
        terminal.Line($"{trained} normal pictures to train on, {held.Length} to test on, {string.Join(", ", imitated.GroupBy(p => p.File.Split('/')[1]).Select(g => $"{g.Count()} {g.Key}"))}");
        if (kinds.Length * perKind - imitated.Count is > 0 and int invisible) terminal.Line($"{invisible} left out: nothing visible could be drawn there (a smear on an even surface)");
        return 0;
    }
}
