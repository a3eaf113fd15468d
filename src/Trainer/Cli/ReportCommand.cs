using System.CommandLine;
using System.Globalization;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Data;
using Edge.Training.Reports;

namespace Edge.Training.Cli;

internal static class ReportCommand
{
    private static readonly Option<string> PackageFolder = new("--package") { Required = true, HelpName = "DIR", Description = "A version's folder, or models/<name> for its current version." };
    private static readonly Option<string> Data = new("--data") { Required = true, HelpName = "DIR", Description = "Labelled pictures: test/good, test/<defect>, ground_truth/<defect>/<picture>_mask.png." };
    private static readonly Option<string> Out = new("--out") { HelpName = "FILE", Description = "The page; a file that is there is replaced.", DefaultValueFactory = _ => "report.html" };
    private static readonly Option<int> Threads = new("--threads") { HelpName = "N", Description = "Threads of ONNX Runtime; 0 = all cores." };
    private static readonly Option<bool> Strict = new("--strict") { Description = "Stop at a picture that can't be read instead of leaving it out." };

    public static Command Create()
    {
        Command command = new("report", """
            Writes one HTML file about a package on labelled pictures, for those who sign for the threshold: score histograms with a
            threshold to drag, the confusion matrix that goes with it, ROC and precision-recall curves, defect by defect, and every
            picture with its heatmap, false rejects and misses first. It needs no network, no server and nothing beside it.

            Examples:
              edge-trainer report --package models/flange --data samples --out report.html
              edge-trainer report --package models/flange/3 --data samples --out reports/flange-3.html
            """)
        { PackageFolder, Data, Out, Threads, Strict };
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed, ct), ct));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken ct)
    {
        Terminal terminal = new(json: false);
        int threads = Arguments.InRange("--threads", parsed.GetValue(Threads), 0, 1024);
        string place = Path.GetFullPath(parsed.GetValue(Out)!);
        bool strict = parsed.GetValue(Strict);
        Package package = PackageStore.OpenAny(parsed.GetRequiredValue(PackageFolder));
        Dataset dataset = Dataset.OpenForTest(parsed.GetRequiredValue(Data), strict, terminal, ct);
        using AnomalyDetector detector = AnomalyDetector.Load(package, new DetectorOptions { Threads = threads });
        ReportScores scores = ReportScores.Run(package, detector, dataset, strict, terminal, ct);
        ReportPage.Write(place, ReportData.Of(package, dataset, scores, TimeProvider.System.GetUtcNow()), scores.Pictures);
        terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{place}: {scores.Pictures.Count} pictures, {new FileInfo(place).Length / 1e6:0.0} MB"));
        return 0;
    }
}
