using System.CommandLine;
using System.Globalization;
using Edge.Training.Backbones;
using Edge.Training.Distillation;
using Edge.Training.Methods.EfficientAd;
using Edge.Training.Methods.Networks;

namespace Edge.Training.Cli;

internal static class DistillCommand
{
    private static readonly Option<string> PhotographsFolder = new("--photographs") { Required = true, HelpName = "DIR", Description = "Photographs of anything; a thousand and more are needed for a good teacher." };
    private static readonly Option<string> Out = new("--out") { Required = true, HelpName = "FILE", Description = "Weights to write (.safetensors), with their provenance." };
    private static readonly Option<string> Student = new("--student") { HelpName = "NAME", Description = "What learns: pdn, EfficientAD's teacher, or edge18, a half-width ResNet-18 trunk for --backbone.", DefaultValueFactory = _ => "pdn" };
    private static readonly Option<string> Size = new("--size") { HelpName = "NAME", Description = "PDN: small (4 convolutions) or medium (6).", DefaultValueFactory = _ => "small" };
    private static readonly Option<double> Width = new("--width") { HelpName = "SHARE", Description = "PDN: its channels over the paper's (small: 128, 256, 256, 384).", DefaultValueFactory = _ => 0.375 };
    private static readonly Option<int?> Steps = new("--steps") { HelpName = "N", Description = "Steps in all. Default: 4000." };
    private static readonly Option<double?> Minutes = new("--minutes") { HelpName = "N", Description = "Time in all, instead of --steps; the learning rate falls with the clock." };
    private static readonly Option<int> Batch = new("--batch") { HelpName = "N", Description = "Crops a step, each of another photograph.", DefaultValueFactory = _ => 16 };
    private static readonly Option<int> Crop = new("--crop") { HelpName = "PX", Description = "Side of a crop; the teacher sees it at twice the size.", DefaultValueFactory = _ => 96 };
    private static readonly Option<double> LearningRate = new("--learning-rate") { HelpName = "RATE", Description = "Of Adam, at the start.", DefaultValueFactory = _ => 4e-3 };
    private static readonly Option<string?> Checkpoint = new("--checkpoint") { HelpName = "FILE", Description = "Written every 100 steps." };
    private static readonly Option<bool> Resume = new("--resume") { Description = "Go on from --checkpoint. With --steps it equals a run that was never interrupted." };
    private static readonly Option<int> Seed = new("--seed") { HelpName = "N", Description = "Of weights and crops.", DefaultValueFactory = _ => 0 };
    private static readonly Option<int> Threads = new("--threads") { HelpName = "N", Description = "0 = all cores.", DefaultValueFactory = _ => 0 };
    private static readonly Option<bool> Quick = new("--quick") { Description = "A smoke run of ten steps." };

    public static Command Create()
    {
        Command command = new("distill", """
            Teaches a small network what a trunk's layers say about photographs: a patch description network, the teacher of
            EfficientAD (train --method efficientad --teacher FILE), or a half-width trunk (train --backbone FILE). Photographs that
            are held out choose the state that is kept. Use a trunk as good as you have; the embedded one is small itself.

            Examples:
              edge-trainer distill --photographs photographs --backbone resnet18.safetensors --minutes 120 --checkpoint run.safetensors --out teacher.safetensors
              edge-trainer distill --photographs photographs --backbone resnet18.safetensors --minutes 120 --checkpoint run.safetensors --out teacher.safetensors --resume
              edge-trainer distill --photographs photographs --size medium --width 1 --steps 60000 --out teacher-m.safetensors
              edge-trainer distill --photographs photographs --student edge18 --backbone resnet18.safetensors --batch 24 --minutes 240 --out edge18.safetensors
            """)
        { PhotographsFolder, Out, Student, Size, Width, Steps, Minutes, Batch, Crop, LearningRate, Checkpoint, Resume, Seed, Threads, Quick };
        BackboneArguments.AddTo(command);
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed, ct), ct));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken ct)
    {
        Terminal terminal = new(json: false);
        int seed = parsed.GetValue(Seed);
        DistillOptions options = new DistillOptions
        {
            Photographs = parsed.GetRequiredValue(PhotographsFolder),
            Out = parsed.GetRequiredValue(Out),
            Crop = parsed.GetValue(Crop),
            Seed = seed,
        }.Check();
        double? minutes = parsed.GetValue(Minutes);
        TrainingSchedule schedule = new TrainingSchedule
        {
            Steps = parsed.GetValue(Steps) ?? (minutes is null ? TrainingSchedule.DistillationSteps : null),
            Limit = minutes is { } m ? TimeSpan.FromMinutes(m) : null,
            EpochSteps = TrainingSchedule.DistillationEpoch,
            BatchSize = parsed.GetValue(Batch),
            LearningRate = parsed.GetValue(LearningRate),
            Checkpoint = parsed.GetValue(Checkpoint),
            Resume = parsed.GetValue(Resume),
            Quick = parsed.GetValue(Quick),
            Seed = seed,
        }.Check();
        TorchRuntime.Start(Arguments.InRange("--threads", parsed.GetValue(Threads), 0, 1024));
        Backbone teacher = BackboneArguments.Load(parsed);
        using TrunkNetwork trunk = new(teacher.Trunk);
        using DistilledNetwork network = parsed.GetValue(Student) switch
        {
            "pdn" => new DistilledPdn(PdnShape.Of(parsed.GetValue(Size)!, parsed.GetValue(Width)), seed),
            "edge18" when parsed.GetResult(Size) is { Implicit: true } && parsed.GetResult(Width) is { Implicit: true } => new DistilledTrunk(teacher.Trunk, seed),
            "edge18" => throw new EdgeException("--size and --width do not belong to --student edge18."),
            var other => throw new EdgeException($"--student {other} is not known; there are: pdn, edge18."),
        };
        double loss = new DistillRun(options, schedule, teacher.Info, trunk, network, terminal, TimeProvider.System, ct).Execute();
        terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFullPath(options.Out)}: {1 - loss:P1} of the features' variance explained on held-out photographs"));
        return 0;
    }
}
