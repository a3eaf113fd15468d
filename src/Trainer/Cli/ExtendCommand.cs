using System.CommandLine;
using Edge.Packages;
using Edge.Training.Runs;

namespace Edge.Training.Cli;

internal static class ExtendCommand
{
    private static readonly Option<string> PackageFolder = new("--package") { Required = true, HelpName = "DIR", Description = "A PatchCore version's folder, or models/<name> for its current version." };
    private static readonly Option<string> Data = new("--data") { Required = true, HelpName = "DIR", Description = "New normal pictures: train/good or a plain folder. With test/… the new version is evaluated." };
    private static readonly Option<long?> Memory = new("--memory") { HelpName = "SIZE", Description = "Most bytes of the memory bank. Default: as in training.", CustomParser = Arguments.Bytes };
    private static readonly Option<double> HoldOut = new("--holdout") { HelpName = "SHARE", Description = "Share of the new pictures held out for the threshold. Fewer than 4: none is, and the threshold stays.", DefaultValueFactory = _ => 0.2 };
    private static readonly Option<string?> CalibrateOn = new("--calibrate-on") { HelpName = "DIR", Description = "Normal pictures for the threshold, best old and new ones; then none of --data is held out." };
    private static readonly Option<double?> FalseRejectRate = new("--false-reject-rate") { HelpName = "RATE", Description = "Share of normal parts that may be rejected. Default: 0.01, or the strictest the held-out pictures allow." };
    private static readonly Option<bool> NoCurrent = new("--no-current") { Description = "Publish the new version without making it the current one." };
    private static readonly Option<int> Threads = new("--threads") { HelpName = "N", Description = "0 = all cores.", DefaultValueFactory = _ => 0 };
    private static readonly Option<bool> Strict = new("--strict") { Description = "Stop at a picture that can't be read instead of leaving it out." };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout; everything else goes to stderr." };

    public static Command Create()
    {
        Command command = new("extend", """
            Adds normal pictures to the memory bank of a PatchCore package without training again, e.g. a new variant or parts that were
            rejected wrongly. Only the package is needed. Packages are immutable: the result is a new version.

            Examples:
              edge-trainer extend --package models/flange --data new-normals
              edge-trainer extend --package models/flange --data new-normals --calibrate-on recent-normals --false-reject-rate 0.02
              edge-trainer extend --package models/flange/3 --data new-normals --memory 128MiB --no-current
            """)
        { PackageFolder, Data, Memory, HoldOut, CalibrateOn, FalseRejectRate, NoCurrent, Threads, Strict, Json };
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed, ct), ct));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken ct)
    {
        Terminal terminal = new(parsed.GetValue(Json));
        ExtensionOptions options = new()
        {
            Data = parsed.GetRequiredValue(Data),
            MemoryBytes = parsed.GetValue(Memory),
            HoldOut = parsed.GetValue(HoldOut),
            CalibrateOn = parsed.GetValue(CalibrateOn),
            FalseRejectRate = parsed.GetValue(FalseRejectRate),
            SetCurrent = !parsed.GetValue(NoCurrent),
            Threads = Arguments.InRange("--threads", parsed.GetValue(Threads), 0, 1024),
            Strict = parsed.GetValue(Strict),
        };
        Package package = PackageStore.OpenAny(parsed.GetRequiredValue(PackageFolder));
        TorchRuntime.Start(options.Threads);
        TrainingResult result = new ExtensionRun(package, options, terminal, TimeProvider.System, ct).Execute();
        TrainingTables.Write(terminal, result);
        if (parsed.GetValue(Json)) Console.Out.WriteLine(TrainingDocument.Of(result).ToJson());
        return 0;
    }
}
