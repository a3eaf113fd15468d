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
        foreach (FolderResult f in result.Folders)
        {
            folders.AddRow(Markup.Escape(f.Label), $"{f.Pictures}", $"{f.Rejected}", $"{f.Accuracy:P1}", f.Label == Picture.NormalLabel ? "" : Figure(f.Auroc));
        }
        terminal.Write(folders);

        int normal = result.Summary.Normal, anomalous = result.Summary.Anomalous;
        Table confusion = Plain($"threshold {threshold:G6}", "accepted", "rejected");
        confusion.AddRow("normal", $"{normal - result.FalseRejects}", $"{result.FalseRejects} (false rejects)");
        confusion.AddRow("anomalous", $"{result.Misses} (misses)", $"{anomalous - result.Misses}");
        terminal.Write(confusion);

        Table figures = Plain("image AUROC", "pixel AUROC", "AUPRO 0.3", "F1-max");
        figures.AddRow(Figure(result.Summary.ImageAuroc), Figure(result.Summary.PixelAuroc), Figure(result.Summary.Aupro), Figure(result.Summary.F1Max));
        terminal.Write(figures);
        if (result.Summary.PixelAuroc is null) terminal.Line("No pixel figures: they need masks of anomalous pictures and normal pixels.");
        else if (result.WithoutMask + result.UnusableMasks.Count is > 0 and int unknown)
            terminal.Line($"Pixel figures leave out {unknown} anomalous pictures ({result.WithoutMask} without a mask, {result.UnusableMasks.Count} with one that says nothing).");
        if (result.Skipped.Count > 0) terminal.Line($"{result.Skipped.Count} pictures skipped.");
        if (terminal.Interactive) foreach (string line in ScoreChart.Lines(result.Pictures, threshold)) terminal.Line(line);
    }

    private static string Figure(double? value) => value is { } v ? v.ToString("0.0000") : "–";

    private static Table Plain(params string[] columns)
    {
        Table table = new() { Border = TableBorder.Simple };
        for (int i = 0; i < columns.Length; i++) table.AddColumn(new TableColumn(Markup.Escape(columns[i])) { Alignment = i == 0 ? Justify.Left : Justify.Right, NoWrap = true });
        return table;
    }
}
