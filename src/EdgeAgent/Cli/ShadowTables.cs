using System.Globalization;
using Edge.Agent.Inspection;
using Edge.Agent.Shadow;
using Edge.Scoring;
using Spectre.Console;

namespace Edge.Agent.Cli;

/// <summary>A shadow's report for a person: the confusion of verdicts, scores, times, and the largest disagreements.</summary>
internal static class ShadowTables
{
    private const int Shown = 20;
    private static readonly Verdict[] Decided = [Verdict.Accept, Verdict.Review, Verdict.Reject];

    public static void Write(ShadowReport report, TextWriter output)
    {
        bool terminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = terminal ? AnsiSupport.Detect : AnsiSupport.No, Interactive = InteractionSupport.No });
        if (!terminal) console.Profile.Width = 140;
        ShadowPair pair = report.Pair;
        string recipe = pair.Recipe is null ? "" : $", recipe {pair.Recipe}";
        output.WriteLine();
        output.WriteLine(Text($"{pair.Station}{recipe}: {pair.Model} {pair.Candidate} beside {pair.Version}, {report.Since:yyyy-MM-dd HH:mm} to {report.Until:yyyy-MM-dd HH:mm} UTC"));
        output.WriteLine(Text($"{report.Parts} parts, the same verdict for {report.Same} ({(report.Parts == 0 ? 0 : 100.0 * report.Same / report.Parts):F2} %); {report.Missed} more came while the shadow was busy"));

        Table verdicts = Plain([$"{pair.Version} \\ {pair.Candidate}", .. Decided.Select(v => v.Wire())]);
        foreach (Verdict running in Decided)
            verdicts.AddRow([running.Wire(), .. Decided.Select(c => Text($"{report.Verdicts.FirstOrDefault(v => v.Running == running && v.Candidate == c)?.Parts ?? 0}"))]);
        console.Write(verdicts);

        ShadowScores s = report.Scores;
        Table figures = Plain(["", "threshold", "position, mean", "deviation", "time, mean", "longest"]);
        figures.AddRow(Text($"{pair.Version}"), Text($"{pair.Threshold:G6}"), Text($"{s.RunningMean:F3}"), Text($"{s.RunningDeviation:F3}"), Text($"{report.Running.MeanMs:F2} ms"), Text($"{report.Running.LongestMs:F2} ms"));
        figures.AddRow(Text($"{pair.Candidate}"), Text($"{pair.CandidateThreshold:G6}"), Text($"{s.CandidateMean:F3}"), Text($"{s.CandidateDeviation:F3}"), Text($"{report.Candidate.MeanMs:F2} ms"), Text($"{report.Candidate.LongestMs:F2} ms"));
        console.Write(figures);
        output.WriteLine(Text($"shift {s.Shift:+0.000;-0.000}, correlation {s.Correlation?.ToString("F3", CultureInfo.InvariantCulture) ?? "unknown"}; the shadow's time is at the lowest priority"));

        if (report.Disagreements.Count == 0) return;
        Table list = Plain(["exposed, UTC", "jobId", "partId", $"{pair.Version}", "score", $"{pair.Candidate}", "score", "apart"]);
        foreach (ShadowDisagreement d in report.Disagreements.Take(Shown))
            list.AddRow(Text($"{d.At:yyyy-MM-dd HH:mm:ss}"), Markup.Escape(d.JobId), Markup.Escape(d.PartId ?? ""), d.Running.Wire(), Text($"{d.Score:G6}"), d.Candidate.Wire(), Text($"{d.CandidateScore:G6}"), Text($"{d.Distance:F3}"));
        console.Write(list);
    }

    private static Table Plain(string[] columns)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns) table.AddColumn(Markup.Escape(column));
        return table;
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
