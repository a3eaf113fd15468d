using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Evaluation;
using Edge.Training.Runs;
using Edge.Training.Thresholds;
using Spectre.Console;

namespace Edge.Training.Cli;

/// <summary>A calibration for a person: what is promised, what changed from which version, and all methods side by side.</summary>
internal static class CalibrationTables
{
    public static void Write(Terminal terminal, Package from, Package? published, int? current, CalibrationSource source, CalibrationResult result, CalibrationRequest request)
    {
        Calibration old = from.Manifest.Calibration, now = result.Calibration;
        string model = from.Manifest.Name;
        if (source.All.Length > 0) WriteTrial(terminal, source, result, request);
        foreach (string note in result.Notes) terminal.Warn(note);
        if (request.ChangesNothing) return;

        Table table = EvaluationTables.Plain("", $"version {from.Manifest.Version}", published is null ? "would be" : $"version {published.Manifest.Version}");
        table.AddRow("threshold", $"{old.Threshold:G6}", $"{now.Threshold:G6}");
        table.AddRow("method", Markup.Escape(old.Method), Markup.Escape(now.Method));
        table.AddRow("review from", Number(old.ReviewFrom), Number(now.ReviewFrom));
        table.AddRow("pixel threshold", Number(old.Pixel?.Threshold), Number(now.Pixel?.Threshold));
        terminal.Write(table);
        terminal.Line($"Promise: {now.Promise ?? "none"}");
        if (now.ReviewPromise is { } review) terminal.Line($"Review: {review}");
        if (request.Pixel is not null && now.Pixel is { } pixel) terminal.Line($"Pixels: {pixel.Promise}");
        if (result.Choice?.CostPerPart is { } cost) terminal.Line($"Expected cost of a part: {cost:G4}");
        if (published is null)
        {
            terminal.Line($"Dry run: {model} stays as it is.");
            return;
        }
        int version = published.Manifest.Version;
        terminal.Line($"Published {model} version {version} from version {from.Manifest.Version}, same graph: {published.Folder}");
        int? after = CalibrationPublisher.StoreOf(published).Current(model);
        terminal.Line(after == current ? $"current stays {(current is { } c ? $"version {c}" : "unset")}." : $"current: version {current?.ToString() ?? "none"} → {after}");
        if (current is { } before && before != from.Manifest.Version) terminal.Warn($"current was version {before}, another than the one this was calibrated from.");
    }

    /// <summary>Confusion matrix of known parts, and what-if over all of them.</summary>
    private static void WriteTrial(Terminal terminal, CalibrationSource source, CalibrationResult result, CalibrationRequest request)
    {
        TrialResult before = result.Before, after = result.After;
        if (source.Pictures.Count > 0)
        {
            Table confusion = EvaluationTables.Plain($"threshold {after.Threshold:G6}", "accepted", "rejected");
            confusion.AddRow("normal", $"{after.Confusion.TrueAccepts}", $"{after.Confusion.FalseRejects} (false rejects)");
            confusion.AddRow("anomalous", $"{after.Confusion.Misses} (misses)", $"{after.Confusion.TrueRejects}");
            terminal.Write(confusion);
        }
        terminal.Line($"With threshold {after.Threshold:G6} the last {after.Parts} parts {(request.ChangesNothing ? "have" : "would have had")} {Rejects(after)}.");
        if (!request.ChangesNothing) terminal.Line($"With version {result.Calibration.DerivedFrom}'s threshold {before.Threshold:G6} they have {Rejects(before)}.");
    }

    private static readonly string[] Columns = ["method", "setting", "threshold", "TN", "FP", "FN", "TP", "FPR (95 % bound)", "FNR (95 % bound)"];

    /// <summary>TN and FP: normal parts accepted and rejected; FN and TP: anomalous ones.</summary>
    public static void WriteAll(Terminal terminal, Package package, IReadOnlyList<MethodRow> methods, TrialResult before, bool markdown)
    {
        ConfusionMatrix c = before.Confusion;
        string[][] rows =
        [
            .. methods.Select(m => m.Choice is { } choice
                ? Row(choice.Method, choice.Setting, choice.Threshold, choice.Confusion, choice.FalseRejects, choice.Misses) : [m.Method, "", "–", "", "", "", "", "", ""]),
            Row($"version {package.Manifest.Version}", package.Manifest.Calibration.Method, before.Threshold, c,
                ObservedRate.Count(c.FalseRejects, c.Normal), ObservedRate.Count(c.Misses, c.Anomalous)),
        ];
        if (markdown)
        {
            // Not Spectre's Markdown border: it folds rows at the terminal's width.
            terminal.Line($"| {string.Join(" | ", Columns)} |");
            terminal.Line($"|{string.Join('|', Columns.Select((_, i) => i < 2 ? "---" : "---:"))}|");
            foreach (string[] row in rows) terminal.Line($"| {string.Join(" | ", row)} |");
        }
        else
        {
            Table table = EvaluationTables.Plain(Columns);
            foreach (string[] row in rows) table.AddRow([.. row.Select(Markup.Escape)]);
            terminal.Write(table);
        }
        foreach (MethodRow row in methods.Where(m => m.Reason is not null)) terminal.Line($"{row.Method}: {row.Reason}");
    }

    private static string[] Row(string method, string setting, float threshold, ConfusionMatrix c, ObservedRate fpr, ObservedRate fnr) =>
        [method, setting, $"{threshold:G5}", $"{c.TrueAccepts}", $"{c.FalseRejects}", $"{c.Misses}", $"{c.TrueRejects}", Rate(fpr), Rate(fnr)];

    private static string Rejects(TrialResult trial) =>
        Count(trial.Rejected, "reject") + $" ({ObservedRate.Percent((double)trial.Rejected / trial.Parts)})" + (trial.ReviewFrom is null ? "" : $" and {Count(trial.Reviewed, "review")}");

    private static string Count(int number, string what) => $"{number} {what}{(number == 1 ? "" : "s")}";

    private static string Rate(ObservedRate rate) => rate is { Rate: { } r, UpperBound95: { } bound } ? $"{ObservedRate.Percent(r)} (< {ObservedRate.Percent(bound)})" : "–";

    private static string Number(float? value) => value is { } v ? $"{v:G6}" : "none";
}
