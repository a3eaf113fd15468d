using System.CommandLine;
using Edge.Training.Methods.Imported;
using Edge.Training.Runs;

namespace Edge.Training.Cli;

internal static class ImportCommand
{
    private static readonly Option<string> Network = new("--onnx") { Required = true, HelpName = "FILE", Description = "A trained detector: one input float32 [N, 3, H, W], RGB." };
    private static readonly Option<string> Map = new("--map") { Required = true, HelpName = "NAME", Description = "Output (or inner value) that is the anomaly map, [N, h, w] or [N, 1, h, w]; larger = more anomalous." };
    private static readonly Option<string?> Score = new("--score") { HelpName = "NAME", Description = "Output (or inner value) that is the image score, [N] or [N, 1]. Default: the largest value of the map." };

    public static Command Create()
    {
        Command command = new("import", """
            Makes a package of a detector that was trained elsewhere (an anomalib export, for one): its graph gets our signature, the threshold comes from normal pictures that it
            was not trained on, and the result is held against the original file before it is published. Give raw scores where you can: scores that are
            clipped to 0..1 hide how anomalous a part is.

            Examples:
              edge-trainer import --onnx model.onnx --map anomaly_map --score pred_score --mean 0,0,0 --std 1,1,1 --data parts --name flange --models models
              edge-trainer import --onnx detector.onnx --map heatmap --size 224 --data parts --name flange --models models
            """)
        { Network, Map, Score };
        BackboneArguments.AddNormalisationTo(command);
        RunArguments.AddTo(command);
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed, ct), ct));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken ct)
    {
        Terminal terminal = RunArguments.TerminalOf(parsed);
        TrainingOptions options = RunArguments.Of(parsed);
        TorchRuntime.Start(options.Threads);
        (float[]? mean, float[]? deviation) = BackboneArguments.NormalisationOf(parsed);
        using ImportedMethod method = new(parsed.GetRequiredValue(Network), parsed.GetRequiredValue(Map), parsed.GetValue(Score), mean, deviation);
        if (!RunArguments.HasSize(parsed) && method.OnlySize is { } only) options = options with { Input = options.Input with { Height = only.Height, Width = only.Width } };
        RunArguments.Report(parsed, terminal, new TrainingRun(options, method, terminal, TimeProvider.System, ct).Execute());
        return 0;
    }
}
