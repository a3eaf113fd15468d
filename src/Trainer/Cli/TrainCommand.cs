using System.CommandLine;
using Edge.Training.Methods;
using Edge.Training.Runs;

namespace Edge.Training.Cli;

internal static class TrainCommand
{
    private static readonly Option<double> HoldOut = new("--holdout") { HelpName = "SHARE", Description = "Share of the normal pictures held out for the threshold. PatchCore with at most 17: none, and it promises nothing.", DefaultValueFactory = _ => 0.2 };
    private static readonly Option<bool> Int8 = new("--int8") { Description = "Convolutions in 8-bit integers where held-out pictures keep the order of their scores, else float32 and a warning." };
    private static readonly Option<int> Seed = new("--seed") { HelpName = "N", Description = "Of everything random.", DefaultValueFactory = _ => 0 };

    public static Command Create()
    {
        Command command = new("train", """
            Trains a detector on pictures of normal parts, chooses its threshold on held-out ones, proves that the exported graph says
            what was trained, and publishes it as a package.

            Examples:
              edge-trainer train --method patchcore --data parts --name flange --models models
              edge-trainer train --method patchcore --data parts --name flange --models models --backbone resnet18.safetensors --coreset 0.05
              edge-trainer train --method patchcore --data parts --name flange --models models --roi 200,100,800,800 --size 384 --false-reject-rate 0.02
              edge-trainer train --method patchcore --data parts --name flange --models models --mask "240,120 960,120 960,880 240,880;500,400 700,400 700,600 500,600"
              edge-trainer train --method patchcore --data parts --name flange --models models --backbone trunk.onnx --layers block2,block3
              edge-trainer train --method patchcore --data parts --name flange --models models --size 1024x768 --tiles 256
              edge-trainer train --method patchcore --data parts --name flange --models models --json > training.json
              edge-trainer train --method patchcore --data five-pictures --name flange --models models --sampling random --reweighting off
              edge-trainer train --method patchcore --data parts --name flange --models models --int8 --bank int8 --variance 0.99
              edge-trainer train --method fastflow --data parts --name flange --models models --epochs 50 --checkpoint flange.safetensors
              edge-trainer train --method fastflow --data parts --name flange --models models --epochs 50 --checkpoint flange.safetensors --resume
              edge-trainer train --method fcdd --data parts --name flange --models models
              edge-trainer train --method fcdd --data parts --name flange --models models --outliers photographs --anomalies known-defects
              edge-trainer train --method fastflow --data parts --name flange --models models --augment flip-horizontal,shift:4,brightness:5
              edge-trainer train --method efficientad --data parts --name flange --models models --photographs photographs --steps 2000 --accept-patent-notice
            """)
        { HoldOut, Int8, Seed };
        RunArguments.AddTo(command);
        MethodArguments.AddTo(command);
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed, ct), ct));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken ct)
    {
        Terminal terminal = RunArguments.TerminalOf(parsed);
        TrainingOptions options = RunArguments.Of(parsed) with { HoldOut = parsed.GetValue(HoldOut), Quantise = parsed.GetValue(Int8), Seed = parsed.GetValue(Seed) };
        TorchRuntime.Start(options.Threads);
        using DetectionMethod method = MethodArguments.Create(parsed, options.Threads, options.Seed);
        RunArguments.Report(parsed, terminal, new TrainingRun(options, method, terminal, TimeProvider.System, ct).Execute());
        return 0;
    }
}
