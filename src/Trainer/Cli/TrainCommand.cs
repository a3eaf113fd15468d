using System.CommandLine;
using Edge.Imaging;
using Edge.Training.Methods;
using Edge.Training.Runs;

namespace Edge.Training.Cli;

internal static class TrainCommand
{
    private static readonly Option<string> Data = new("--data") { Required = true, HelpName = "DIR", Description = "train/good, test/good, test/<defect>, ground_truth/<defect> as in MVTec AD, or a plain folder of normal pictures." };
    private static readonly Option<string> Name = new("--name") { Required = true, HelpName = "NAME", Description = "Of the package: a-z, 0-9, '.', '_', '-'." };
    private static readonly Option<string> Models = new("--models") { Required = true, HelpName = "DIR", Description = "The package is published as DIR/NAME/<version>, and DIR/NAME/current names it." };
    private static readonly Option<InputSpec?> Size = new("--size") { HelpName = "N|WxH", Description = "Model input in pixels, Default: 256; PatchCore needs multiples of 8.", CustomParser = Arguments.Size };
    private static readonly Option<Roi?> Region = new("--roi") { HelpName = "X,Y,W,H", Description = "Part of the frame to inspect, camera pixels. Default: all of it.", CustomParser = Arguments.Roi };
    private static readonly Option<int> WhiteLevel = new("--white-level") { HelpName = "N", Description = "16-bit sample that is white: 4095 for a 12-bit camera.", DefaultValueFactory = _ => ushort.MaxValue };
    private static readonly Option<double> HoldOut = new("--holdout") { HelpName = "SHARE", Description = "Share of the normal pictures held out for the threshold. PatchCore with at most 17: none, and it promises nothing.", DefaultValueFactory = _ => 0.2 };
    private static readonly Option<string?> CalibrateOn = new("--calibrate-on") { HelpName = "DIR", Description = "Normal pictures for the threshold; then none of --data is held out." };
    private static readonly Option<double?> FalseRejectRate = new("--false-reject-rate") { HelpName = "RATE", Description = "Share of normal parts that may be rejected. Default: 0.01, or the strictest the held-out pictures allow." };
    private static readonly Option<int> Seed = new("--seed") { HelpName = "N", Description = "Of everything random.", DefaultValueFactory = _ => 0 };
    private static readonly Option<int> Threads = new("--threads") { HelpName = "N", Description = "0 = all cores.", DefaultValueFactory = _ => 0 };
    private static readonly Option<bool> Strict = new("--strict") { Description = "Stop at a picture that can't be read instead of leaving it out." };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout; everything else goes to stderr." };

    public static Command Create()
    {
        Command command = new("train", """
            Trains a detector on pictures of normal parts, chooses its threshold on held-out ones, proves that the exported graph says
            what was trained, and publishes it as a package.

            Examples:
              edge-trainer train --method patchcore --data parts --name flange --models models
              edge-trainer train --method patchcore --data parts --name flange --models models --backbone resnet18.safetensors --coreset 0.05
              edge-trainer train --method patchcore --data parts --name flange --models models --roi 200,100,800,800 --size 384 --false-reject-rate 0.02
              edge-trainer train --method patchcore --data parts --name flange --models models --backbone trunk.onnx --layers block2,block3
              edge-trainer train --method patchcore --data parts --name flange --models models --json > training.json
              edge-trainer train --method patchcore --data five-pictures --name flange --models models --sampling random --reweighting off
              edge-trainer train --method fastflow --data parts --name flange --models models --epochs 50 --checkpoint flange.safetensors
              edge-trainer train --method fastflow --data parts --name flange --models models --epochs 50 --checkpoint flange.safetensors --resume
              edge-trainer train --method fcdd --data parts --name flange --models models
              edge-trainer train --method fcdd --data parts --name flange --models models --outliers photographs --anomalies known-defects
            """)
        { Data, Name, Models, Size, Region, WhiteLevel, HoldOut, CalibrateOn, FalseRejectRate, Seed, Threads, Strict, Json };
        MethodArguments.AddTo(command);
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed, ct), ct));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken ct)
    {
        Terminal terminal = new(parsed.GetValue(Json));
        int threads = Arguments.InRange("--threads", parsed.GetValue(Threads), 0, 1024);
        InputSpec input = (parsed.GetValue(Size) ?? new InputSpec { Width = 256, Height = 256 }) with
        {
            Roi = parsed.GetValue(Region),
            WhiteLevel = Arguments.InRange("--white-level", parsed.GetValue(WhiteLevel), 1, ushort.MaxValue),
        };
        TrainingOptions options = new()
        {
            Data = parsed.GetRequiredValue(Data),
            Name = parsed.GetRequiredValue(Name),
            Models = parsed.GetRequiredValue(Models),
            Input = input,
            HoldOut = parsed.GetValue(HoldOut),
            CalibrateOn = parsed.GetValue(CalibrateOn),
            FalseRejectRate = parsed.GetValue(FalseRejectRate),
            Seed = parsed.GetValue(Seed),
            Threads = threads,
            Strict = parsed.GetValue(Strict),
        };
        TorchRuntime.Start(threads);
        using DetectionMethod method = MethodArguments.Create(parsed, threads, options.Seed);
        TrainingResult result = new TrainingRun(options, method, terminal, TimeProvider.System, ct).Execute();
        TrainingTables.Write(terminal, result);
        if (parsed.GetValue(Json)) Console.Out.WriteLine(TrainingDocument.Of(result).ToJson());
        return 0;
    }
}
