using System.CommandLine;
using System.Diagnostics;
using Edge.Training.Data;
using Edge.Training.Samples;

namespace Edge.Training.Cli;

internal static class SamplesCommand
{
    private static readonly Option<string> Out = new("--out") { Required = true, HelpName = "DIR", Description = "Folder to write; must not exist or be empty." };
    private static readonly Option<int> Normals = new("--normals") { HelpName = "N", Description = "Normal parts to train on.", DefaultValueFactory = _ => 120 };
    private static readonly Option<int> TestNormals = new("--test-normals") { HelpName = "N", Description = "Normal parts to test on.", DefaultValueFactory = _ => 30 };
    private static readonly Option<int> PerDefect = new("--per-defect") { HelpName = "N", Description = "Test parts of each defect: scratch, dent, hole, burr, stain, contamination.", DefaultValueFactory = _ => 10 };
    private static readonly Option<int> Width = new("--width") { HelpName = "PX", Description = "Columns, 256 to 8192.", DefaultValueFactory = _ => 1280 };
    private static readonly Option<int> Height = new("--height") { HelpName = "PX", Description = "Rows, 256 to 8192.", DefaultValueFactory = _ => 1024 };
    private static readonly Option<int> Seed = new("--seed") { HelpName = "N", Description = "Another seed, other parts.", DefaultValueFactory = _ => 0 };
    private static readonly Option<bool> Force = new("--force") { Description = "Replace samples that are already there." };

    public static Command Create()
    {
        Command command = new("samples", """
            Renders a data set of our own: a turned and milled aluminium flange on a conveyor belt, normal parts and six kinds of
            defects from hardly visible to obvious, with masks, in the MVTec layout. The same seed gives the same pictures.

            Examples:
              edge-trainer samples --out samples
              edge-trainer samples --out samples --normals 300 --per-defect 40 --seed 7 --force
              edge-trainer samples --out small --width 640 --height 512
            """)
        { Out, Normals, TestNormals, PerDefect, Width, Height, Seed, Force };
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed, ct), ct));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken ct)
    {
        Terminal terminal = new(json: false);
        int width = Arguments.InRange("--width", parsed.GetValue(Width), 256, 8192), height = Arguments.InRange("--height", parsed.GetValue(Height), 256, 8192);
        IReadOnlyList<Sample> plan = Sample.Plan(
            Arguments.InRange("--normals", parsed.GetValue(Normals), 0, 100_000),
            Arguments.InRange("--test-normals", parsed.GetValue(TestNormals), 0, 100_000),
            Arguments.InRange("--per-defect", parsed.GetValue(PerDefect), 0, 100_000));
        if (plan.Count == 0) throw new EdgeException("Nothing to render: --normals, --test-normals and --per-defect are all 0.");
        long started = Stopwatch.GetTimestamp();
        using StagedFolder folder = new(parsed.GetRequiredValue(Out), SampleIndex.File, parsed.GetValue(Force));
        try
        {
            SampleIndex index = terminal.Progress(
                "rendering", progress => new SampleWriter(width, height, parsed.GetValue(Seed)).Write(folder.Staging, plan, progress, ct));
            File.WriteAllBytes(Path.Combine(folder.Staging, SampleIndex.File), index.ToJson());
            folder.Publish();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The samples can't be written: {e.Message}", e);
        }
        terminal.Line($"{plan.Count} pictures of {width}×{height} in {Path.GetFullPath(parsed.GetRequiredValue(Out))}, {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
        return 0;
    }
}
