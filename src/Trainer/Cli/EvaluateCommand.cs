using System.CommandLine;
using Edge.Imaging;
using Edge.Packages;
using Edge.Training.Evaluation;
using Edge.Training.Runs;

namespace Edge.Training.Cli;

internal static class EvaluateCommand
{
    public static Command Create()
    {
        Option<string> package = new("--package") { Required = true, HelpName = "DIR", Description = "A version's folder, or models/<name> for its current version." };
        Option<string> data = new("--data") { Required = true, HelpName = "DIR", Description = "Labelled pictures: test/good, test/<defect>, ground_truth/<defect>/<picture>_mask.png." };
        Option<InputSpec?> size = new("--size") { HelpName = "N|WxH", Description = "Inspect at another size than the package's; PatchCore's graph takes its own only.", CustomParser = Arguments.Size };
        Option<int> threads = new("--threads") { HelpName = "N", Description = "Threads of ONNX Runtime; 0 = all cores." };
        Option<double> limit = new("--aupro-limit") { HelpName = "RATE", Description = "False positive rate up to which AUPRO is taken.", DefaultValueFactory = _ => Evaluator.AuproLimit };
        Option<bool> strict = new("--strict") { Description = "Stop at a picture that can't be read instead of leaving it out." };
        Option<bool> json = new("--json") { Description = "One JSON document on stdout, every picture's score included; everything else goes to stderr." };
        threads.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && r.GetValueOrDefault<int>() is < 0 or > 1024) r.AddError("--threads is 0 (all cores) to 1024.");
        });
        Command command = new("evaluate", """
            Runs a package on labelled pictures. At the package's threshold: confusion matrix, accuracy, mean accuracy, precision,
            recall, specificity, F1, false positive and false negative rate, defect by defect. Over all thresholds: image and pixel
            AUROC, average precision, F1-max, AUPRO, AUPIMO. --json adds every picture's score and the operating curve; a figure
            that the pictures can't give is null, with its reason.

            Examples:
              edge-trainer evaluate --package models/flange --data samples
              edge-trainer evaluate --package models/flange/3 --data samples --json > evaluation.json
              edge-trainer evaluate --package models/flow --data samples --size 384
            """)
        { package, data, size, threads, limit, strict, json };
        command.SetAction((parsed, ct) => Task.Run(
            () => Run(parsed.GetRequiredValue(package), new EvaluationOptions
            {
                Data = parsed.GetRequiredValue(data),
                Size = parsed.GetValue(size),
                Threads = parsed.GetValue(threads),
                AuproLimit = parsed.GetValue(limit),
                Strict = parsed.GetValue(strict),
            }, parsed.GetValue(json), ct),
            ct));
        return command;
    }

    private static int Run(string packageFolder, EvaluationOptions options, bool json, CancellationToken ct)
    {
        Terminal terminal = new(json);
        Package package = PackageStore.OpenAny(packageFolder);
        Manifest manifest = package.Manifest;
        (EvaluationDocument document, EvaluationResult result) = EvaluationRun.Execute(package, options, terminal, ct);
        terminal.Line($"{manifest.Name} version {manifest.Version} ({manifest.Method}, {manifest.Backbone.Name}) on {document.Data}, "
            + $"{result.Pictures.Count} pictures in {document.Seconds:0.0} s");
        EvaluationTables.Write(terminal, result, manifest.Calibration.Threshold);
        if (json) Console.Out.WriteLine(document.ToJson());
        return 0;
    }
}
