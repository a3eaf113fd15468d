using Edge.Training.Data;
using Edge.Training.Evaluation;
using Spectre.Console;

namespace Edge.Training.Cli;

/// <summary>An evaluation for a person: a table by folder, the confusion matrix, the figures, and how the scores lie.</summary>
internal static class EvaluationTables
{
    public static void Write(Terminal terminal, EvaluationResult result, float threshold)
    {
        Table folders = Plain("folder", "pictures", "rejected", "accuracy", "AUROC vs normal");
        foreach (FolderResult folder in result.Folders)
        {
            folders.AddRow(Markup.Escape(folder.Label), $"{folder.Pictures}", $"{folder.Rejected}", $"{folder.Accuracy:P1}", folder.Label == Picture.NormalLabel ? "" : Figure(folder.Auroc));
        }
        terminal.Write(folders);

        EvaluationFigures f = result.Figures;
        ClassificationFigures at = f.AtThreshold;
        Table confusion = Plain($"threshold {threshold:G6}", "accepted", "rejected", "of the accepted, in review");
        confusion.AddRow("normal", Counted(at.Confusion.TrueAccepts, at.Specificity), $"{Counted(at.Confusion.FalseRejects, at.FalsePositiveRate)} false rejects", $"{f.NormalReviewed}");
        confusion.AddRow("anomalous", $"{Counted(at.Confusion.Misses, at.FalseNegativeRate)} misses", Counted(at.Confusion.TrueRejects, at.Recall), $"{f.AnomalousReviewed}");
        terminal.Write(confusion);

        Table decisions = Plain("accuracy", "mean accuracy", "precision", "recall", "specificity", "F1");
        decisions.AddRow(Figure(at.Accuracy), Figure(at.MeanAccuracy), Figure(at.Precision), Figure(at.Recall), Figure(at.Specificity), Figure(at.F1));
        terminal.Write(decisions);

        Table figures = Plain("image AUROC", "average precision", "F1-max", "pixel AUROC", $"AUPRO {f.Aupro.Limit:0.###}", "AUPIMO 1e-5–1e-4");
        figures.AddRow(Figure(f.ImageAuroc), Figure(f.AveragePrecision), Figure(f.F1Max), Figure(f.PixelAuroc), Figure(f.Aupro.Value), Figure(f.Aupimo.Mean));
        terminal.Write(figures);
        foreach (IGrouping<string, string> why in f.Undefined.Concat(at.Undefined).GroupBy(u => u.Value, u => u.Key)) terminal.Line($"No {string.Join(", ", why)}: {why.Key}.");
        if (result.Summary.PixelAuroc is not null && result.WithoutMask + result.UnusableMasks.Count is > 0 and int unknown)
            terminal.Line($"Pixel figures leave out {unknown} anomalous pictures ({result.WithoutMask} without a mask, {result.UnusableMasks.Count} with one that says nothing).");
        if (result.Skipped.Count > 0) terminal.Line($"{result.Skipped.Count} pictures skipped.");
        if (terminal.Interactive) foreach (string line in ScoreChart.Lines(result.Pictures, threshold)) terminal.Line(line);
    }

    private static string Counted(long count, double? share) => share is { } s ? $"{count} ({s:P1})" : "–";

    private static string Figure(double? value) => value is { } v ? v.ToString("0.0000") : "–";

    internal static Table Plain(params string[] columns)
    {
        Table table = new() { Border = TableBorder.Simple };
        for (int i = 0; i < columns.Length; i++) table.AddColumn(new TableColumn(Markup.Escape(columns[i])) { Alignment = i == 0 ? Justify.Left : Justify.Right, NoWrap = true });
        return table;
    }
}
