using Edge.Imaging;
using Edge.Packages;
using Edge.Training.Runs;
using Spectre.Console;

namespace Edge.Training.Cli;

/// <summary>What a training run came to, for a person.</summary>
internal static class TrainingTables
{
    public static void Write(Terminal terminal, TrainingResult result)
    {
        Manifest m = result.Package.Manifest;
        if (result.Evaluation is { } evaluation) EvaluationTables.Write(terminal, evaluation, m.Calibration.Threshold);
        Table table = new() { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumn(new TableColumn("") { NoWrap = true }).AddColumn("");
        void Row(string name, string value) => table.AddRow(Markup.Escape(name), Markup.Escape(value));
        Row("package", $"{m.Name} version {m.Version}");
        Row("folder", result.Package.Folder);
        Row("trained on", $"{m.Dataset.Training} normal pictures, {m.Method} with {m.Backbone.Name}, {m.Input.Width}×{m.Input.Height}{(m.Input.Tiles is null ? "" : $" in {new TileGrid(m.Input).Count} tiles")}");
        Row("threshold", $"{m.Calibration.Threshold:G6} (scores at or above it are rejected)");
        Row("promise", m.Calibration.Promise ?? "none");
        if (m.Evaluation is { ImageAuroc: { } auroc }) Row("image AUROC", $"{auroc:0.0000}");
        Row(m.Method == "imported" ? "package = original file" : "ONNX Runtime = TorchSharp", $"score within {m.Parity.MaxRelativeScore:G2}, map within {m.Parity.MaxRelativeMap:G2} on {m.Parity.Images} pictures");
        if (m.Dataset.Skipped + m.Dataset.Duplicates > 0) Row("left out", $"{m.Dataset.Skipped} unreadable pictures, {m.Dataset.Duplicates} duplicates");
        Row("time", $"{result.Elapsed.TotalSeconds:0.0} s");
        terminal.Write(table);
    }
}
