using System.Globalization;
using System.Text;

namespace Edge.Training.Benchmarks;

/// <summary>Results as Markdown: a row for each data set, run and backbone; several seeds as mean and range.</summary>
internal static class BenchmarkTable
{
    private const string Begin = "<!-- benchmark: begin -->", End = "<!-- benchmark: end -->";

    public static string Of(IEnumerable<BenchmarkRow> rows)
    {
        StringBuilder table = new();
        table.AppendLine("| data set (normals; test) | method | backbone | image AUROC | pixel AUROC | AUPRO 0.3 | training, s (processor) | inference, ms | package, MB | seeds |");
        table.AppendLine("|---|---|---|---|---|---|---:|---:|---:|---|");
        foreach (var group in rows.GroupBy(r => (r.Dataset, r.Run, r.Backbone, r.Size)).OrderBy(g => g.Key.Dataset, StringComparer.Ordinal).ThenBy(g => Methods(g.First().Method)).ThenBy(g => g.Key.Run, StringComparer.Ordinal))
        {
            BenchmarkRow first = group.First();
            string name = WithoutBackbone(first.Run) + (first.Size == "256×256" ? "" : $", {first.Size}");
            table.AppendLine(CultureInfo.InvariantCulture,
                $"| {first.Dataset} ({first.Trained}; {first.TestNormal} + {first.TestAnomalous}) | {name} | {first.Backbone} | {Mean(group, r => r.ImageAuroc)} | {Mean(group, r => r.PixelAuroc)} | {Mean(group, r => r.Aupro)} "
                + $"| {Quiet(group, r => r.TrainingSeconds)} ({group.Average(r => r.TrainingProcessorSeconds):0}) | {Quiet(group, r => r.InferenceMilliseconds)} | {group.Average(r => r.PackageBytes) / 1e6:0.0} "
                + $"| {string.Join(", ", group.Select(r => r.Seed).Order())} |");
        }
        return table.ToString();
    }

    /// <summary>The document with the table between its two markers.</summary>
    /// <exception cref="EdgeException">No such markers.</exception>
    public static string Into(string document, string table)
    {
        int begin = document.IndexOf(Begin, StringComparison.Ordinal), end = document.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin) throw new EdgeException($"The document has no place for the table: two lines, {Begin} and {End}, say where it goes.");
        return document[..(begin + Begin.Length)] + "\n" + table + document[end..];
    }

    /// <summary>Mean of the runs that had the machine to themselves.</summary>
    private static string Quiet(IEnumerable<BenchmarkRow> rows, Func<BenchmarkRow, double> time) =>
        rows.Where(r => r.IsQuiet).Select(time).DefaultIfEmpty(double.NaN).Average() is double mean && !double.IsNaN(mean) ? mean.ToString("0", CultureInfo.InvariantCulture) : "busy";

    private static string Mean(IEnumerable<BenchmarkRow> rows, Func<BenchmarkRow, double?> figure)
    {
        double[] values = [.. rows.Select(figure).OfType<double>()];
        return values.Length == 0 ? "–"
            : values.Length == 1 ? values[0].ToString("0.000", CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{values.Average():0.000} ({values.Min():0.000}–{values.Max():0.000})");
    }

    private static string WithoutBackbone(string run)
    {
        string[] words = run.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int at = Array.IndexOf(words, "--backbone");
        return string.Join(' ', at < 0 ? words : [.. words[..at], .. words[Math.Min(at + 2, words.Length)..]]);
    }

    private static int Methods(string method) => Array.IndexOf(["patchcore", "fastflow", "fcdd", "efficientad"], method);
}
