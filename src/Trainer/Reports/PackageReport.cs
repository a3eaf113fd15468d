using System.Globalization;
using System.Net;
using System.Text;
using Edge.Packages;
using Edge.Scoring;

namespace Edge.Training.Reports;

/// <summary>What the report tells about a package before it has a version.</summary>
/// <param name="HeldOut">Raw scores of the held-out normal pictures.</param>
/// <param name="Normal">Raw scores of the test set's normal pictures; empty without a test set.</param>
/// <param name="Anomalous">Raw scores of the test set's anomalous pictures.</param>
internal sealed record ReportContent(
    string Name, string Method, BackboneInfo Backbone, Calibration Calibration, DatasetInfo Dataset, ParityInfo Parity, EvaluationSummary? Evaluation,
    IReadOnlyDictionary<string, string> Parameters, IReadOnlyList<float> HeldOut, IReadOnlyList<float> Normal, IReadOnlyList<float> Anomalous, DateTimeOffset CreatedAt);

/// <summary><c>report.html</c> of a package: one self-contained page, no script, works offline and in print.</summary>
internal static class PackageReport
{
    private const int Bins = 48, Width = 720, RowHeight = 90;

    public static string Html(ReportContent c)
    {
        StringBuilder body = new();
        Table(body, "What it is",
            ("Model", c.Name), ("Method", c.Method), ("Backbone", $"{c.Backbone.Name} (SHA-256 {c.Backbone.Sha256[..16]}…)"), ("Trained", c.CreatedAt.ToString("u", CultureInfo.InvariantCulture)),
            ("Pictures", $"{c.Dataset.Training} for training, {c.Dataset.Calibration} held out for the threshold, {c.Dataset.Skipped} unreadable, {c.Dataset.Duplicates} duplicates"),
            ("Data set digest", c.Dataset.Digest), ("Parameters", string.Join(", ", c.Parameters.Select(p => $"{p.Key} {p.Value}"))));
        Table(body, "What it decides",
            ("Threshold", $"{c.Calibration.Threshold:G7} (raw image score; score ≥ threshold rejects)"), ("Method", c.Calibration.Method), ("Promise", c.Calibration.Promise ?? "none"));
        if (c.Evaluation is { } e)
        {
            Table(body, $"On the test set ({e.Normal} normal, {e.Anomalous} anomalous)",
                [("Image AUROC", Figure(e.ImageAuroc)), ("F1-max", Figure(e.F1Max)), ("Pixel AUROC", Figure(e.PixelAuroc)), ("AUPRO (limit 0.3)", Figure(e.Aupro)),
                .. e.AccuracyByFolder.Select(f => ($"Right verdicts in {f.Key}", f.Value.ToString("P1", CultureInfo.InvariantCulture)))]);
        }
        body.Append("<h2>Raw image scores</h2>").Append(Histogram(c));
        Table(body, "ONNX Runtime against the training framework, before publication",
            ("Pictures compared", $"{c.Parity.Images}"), ("Largest relative difference, score", $"{c.Parity.MaxRelativeScore:G3}"),
            ("Largest relative difference, map", $"{c.Parity.MaxRelativeMap:G3}"), ("Allowed", $"{c.Parity.Tolerance:G3}"));
        return $$"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{Encode(c.Name)}}</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430; background: #fff }
            h1 { font-size: 1.6rem } h2 { font-size: 1.1rem; margin-top: 2rem }
            table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 600; width: 14rem; vertical-align: top }
            th, td { padding: .35rem .6rem .35rem 0; border-bottom: 1px solid #dde3ea; overflow-wrap: anywhere } svg { width: 100%; height: auto }
            </style></head><body><h1>{{Encode(c.Name)}} · {{Encode(c.Method)}}</h1>
            {{body}}
            </body></html>
            """;
    }

    private static void Table(StringBuilder body, string title, params (string Name, string Value)[] rows)
    {
        body.Append(CultureInfo.InvariantCulture, $"<h2>{Encode(title)}</h2><table>");
        foreach ((string name, string value) in rows) body.Append(CultureInfo.InvariantCulture, $"<tr><th>{Encode(name)}</th><td>{Encode(value)}</td></tr>");
        body.Append("</table>");
    }

    /// <summary>One row of bars per group on a common score axis, the threshold across all of them. Groups are told apart by row and label, not by colour alone.</summary>
    private static string Histogram(ReportContent c)
    {
        (string Label, IReadOnlyList<float> Scores, string Color)[] groups =
            [.. new[] { ("held-out normal", c.HeldOut, "#4477aa"), ("test normal", c.Normal, "#66ccee"), ("test anomalous", c.Anomalous, "#aa3377") }.Where(g => g.Item2.Count > 0)];
        float[] all = [.. groups.SelectMany(g => g.Scores).Append(c.Calibration.Threshold)];
        double low = all.Min(), high = all.Max(), span = Math.Max(high - low, 1e-9);
        low -= 0.03 * span;
        span *= 1.06;
        int height = groups.Length * RowHeight + 30;
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"Histograms of raw image scores\">");
        for (int row = 0; row < groups.Length; row++)
        {
            int[] counts = new int[Bins];
            foreach (float score in groups[row].Scores) counts[Math.Clamp((int)((score - low) / span * Bins), 0, Bins - 1)]++;
            int most = counts.Max(), floor = (row + 1) * RowHeight;
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"0\" y=\"{floor - RowHeight + 16}\" font-size=\"13\">{groups[row].Label} ({groups[row].Scores.Count})</text>");
            for (int b = 0; b < Bins; b++)
            {
                double h = counts[b] * (RowHeight - 26.0) / most;
                if (counts[b] > 0) svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{(double)b * Width / Bins:F1}\" y=\"{floor - h:F1}\" width=\"{(double)Width / Bins - 1:F1}\" height=\"{h:F1}\" fill=\"{groups[row].Color}\"><title>{counts[b]}</title></rect>");
            }
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"0\" y1=\"{floor}\" x2=\"{Width}\" y2=\"{floor}\" stroke=\"#8894a4\"/>");
        }
        double at = (c.Calibration.Threshold - low) / span * Width;
        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{at:F1}\" y1=\"0\" x2=\"{at:F1}\" y2=\"{height - 30}\" stroke=\"#1c2430\" stroke-width=\"2\" stroke-dasharray=\"6 4\"/>");
        string anchor = at > Width * 0.7 ? "end" : "start";
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{at:F1}\" y=\"{height - 8}\" font-size=\"13\" text-anchor=\"{anchor}\">threshold {c.Calibration.Threshold:G4}</text></svg>");
        return svg.ToString();
    }

    private static string Figure(double? value) => value?.ToString("F4", CultureInfo.InvariantCulture) ?? "not measurable on this set";

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
