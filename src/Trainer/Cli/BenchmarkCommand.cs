using System.CommandLine;
using System.Text.Json;
using Edge.Imaging;
using Edge.Training.Benchmarks;
using Edge.Training.Data;

namespace Edge.Training.Cli;

internal static class BenchmarkCommand
{
    private static readonly string[] UsualRuns = ["patchcore", "fastflow", "fcdd"];

    private static readonly Option<string[]> Data = new("--data") { Required = true, HelpName = "DIR", Description = "A data set with test pictures, or a folder of such; may be given again." };
    private static readonly Option<string[]> Runs = new("--run") { HelpName = "METHOD OPTIONS", Description = "A method with its options of train, in quotes; $NAME is a variable of the environment. May be given again.", DefaultValueFactory = _ => UsualRuns };
    private static readonly Option<string> Seeds = new("--seeds") { HelpName = "N,N,…", Description = "One training each.", DefaultValueFactory = _ => "0" };
    private static readonly Option<InputSpec?> Size = new("--size") { HelpName = "N|WxH", Description = "Model input in pixels. Default: 256.", CustomParser = Arguments.Size };
    private static readonly Option<string?> Results = new("--results") { HelpName = "FILE", Description = "JSON lines: each training is added when it is done, and what is there already is not done again." };
    private static readonly Option<string?> Table = new("--table") { HelpName = "FILE", Description = "Markdown document that gets the table, between <!-- benchmark: begin --> and <!-- benchmark: end -->." };
    private static readonly Option<string?> Keep = new("--keep") { HelpName = "DIR", Description = "Keep the packages there. Default: they are removed." };
    private static readonly Option<int> Threads = new("--threads") { HelpName = "N", Description = "0 = all cores." };
    private static readonly Option<bool> Json = new("--json") { Description = "All results as one JSON document on stdout; everything else goes to stderr." };

    public static Command Create()
    {
        Command command = new("benchmark", """
            Trains each method on each data set with each seed and measures accuracy, time and size. All normal pictures are trained
            on and the threshold is taken from test/good, as published comparisons do: image AUROC, pixel AUROC and AUPRO do not
            depend on the threshold. A training that fails is named and the others go on (exit code 1).

            Examples:
              edge-trainer benchmark --data datasets --results results.jsonl
              edge-trainer benchmark --data datasets/cookies --run "patchcore --coreset 0.05" --run "fastflow --backbone resnet18" --seeds 0,1,2 --json
              edge-trainer benchmark --data datasets --run "fastflow --backbone $TRUNK" --results docs/benchmark.jsonl --table docs/accuracy.md
            """)
        { Data, Runs, Seeds, Size, Results, Table, Keep, Threads, Json };
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed, ct), ct));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken ct)
    {
        Terminal terminal = new(parsed.GetValue(Json));
        int threads = Arguments.InRange("--threads", parsed.GetValue(Threads), 0, 1024);
        InputSpec input = parsed.GetValue(Size) ?? new InputSpec { Width = 256, Height = 256 };
        string? table = parsed.GetValue(Table);
        if (table is not null) BenchmarkTable.Into(File.Exists(table) ? File.ReadAllText(table) : "", "");   // known before the work
        BenchmarkResults results = new(parsed.GetValue(Results));
        BenchmarkCase[] cases = [.. from data in parsed.GetRequiredValue(Data).SelectMany(Datasets)
                                    from run in parsed.GetRequiredValue(Runs)
                                    from seed in SeedsOf(parsed.GetRequiredValue(Seeds))
                                    select new BenchmarkCase(data, run, seed, input)];
        foreach (BenchmarkCase what in cases) what.Words();
        int failed = 0;
        foreach ((int index, BenchmarkCase what) in cases.Index())
        {
            string title = $"{index + 1}/{cases.Length} {what.Dataset}: {what.Run}, seed {what.Seed}";
            if (results.Has(what.Key))
            {
                terminal.Line($"{title}: measured before");
                continue;
            }
            terminal.Line(title);
            try
            {
                results.Add(Measure(what, parsed.GetValue(Keep), index, threads, terminal, ct));
            }
            catch (EdgeException e)
            {
                failed++;
                terminal.Warn($"{title} failed: {e.Message}");
            }
        }
        BenchmarkRow[] rows = [.. results.Rows.Where(r => cases.Any(c => c.Key == r.Key))];
        terminal.Line(BenchmarkTable.Of(rows));
        if (table is not null) File.WriteAllText(table, BenchmarkTable.Into(File.ReadAllText(table), BenchmarkTable.Of(results.Rows)));
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(rows, BenchmarkJson.Default.IReadOnlyListBenchmarkRow));
        return failed == 0 ? 0 : throw new EdgeException($"{failed} of {cases.Length} trainings failed; see the warnings above.");
    }

    private static BenchmarkRow Measure(BenchmarkCase what, string? keep, int index, int threads, Terminal terminal, CancellationToken ct)
    {
        DirectoryInfo models = keep is null ? Directory.CreateTempSubdirectory("edge-benchmark-") : Directory.CreateDirectory(keep);
        try
        {
            return BenchmarkRun.Execute(what, Path.Combine(models.FullName, $"{what.Dataset.ToLowerInvariant()}-{what.Words()[0]}-{index + 1}"), threads, terminal, ct);
        }
        finally
        {
            if (keep is null) models.Delete(recursive: true);
        }
    }

    /// <summary>The folder itself, or the data sets directly in it.</summary>
    private static IEnumerable<string> Datasets(string folder)
    {
        static bool IsOne(string f) => Directory.Exists(Path.Combine(f, "test", Picture.NormalLabel));
        folder = Path.GetFullPath(folder);
        if (IsOne(folder)) return [folder];
        string[] inside = Directory.Exists(folder) ? [.. Directory.EnumerateDirectories(folder).Where(IsOne).Order(StringComparer.Ordinal)] : [];
        return inside.Length > 0 ? inside : throw new EdgeException($"{folder} is no data set with test pictures (test/good, test/<defect>) and holds none.");
    }

    private static IEnumerable<int> SeedsOf(string text) => text.Split(',').Select(t =>
        int.TryParse(t, out int seed) ? seed : throw new EdgeException($"--seeds '{text}' is not understood; use whole numbers: 0,1,2."));
}
