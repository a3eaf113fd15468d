using System.Text;

namespace Edge.Training.Data.Labels;

/// <summary>
/// A table (RFC 4180; comma, semicolon or tab) whose header names the columns: file, image, filename or path; and label, class or
/// defect. Several rows for one file are several labels.
/// </summary>
internal static class CsvLabels
{
    private static readonly string[] FileNames = ["file", "image", "filename", "file_name", "path"], LabelNames = ["label", "class", "defect", "category"];

    /// <exception cref="EdgeException">No such columns, or a row that does not fit; the message names the line.</exception>
    public static IReadOnlyList<SceneLabel> Parse(string text)
    {
        string header = text.TrimStart('\uFEFF').Split('\n')[0];
        char separator = ",;\t".MaxBy(c => header.Count(h => h == c));
        List<(int Line, string[] Fields)> rows = Rows(text.TrimStart('\uFEFF'), separator);
        if (rows.Count == 0) throw new EdgeException("The CSV file is empty; its first line names the columns, e.g. file,label.");
        string[] names = [.. rows[0].Fields.Select(f => f.Trim().ToLowerInvariant())];
        int file = Array.FindIndex(names, FileNames.Contains), label = Array.FindIndex(names, LabelNames.Contains);
        if (file < 0 || label < 0)
            throw new EdgeException($"The CSV header is '{header.Trim()}'; it needs a column {string.Join(", ", FileNames)} and a column {string.Join(", ", LabelNames)}.");
        List<(string File, string Label, int Line)> labels = [];
        foreach ((int line, string[] fields) in rows.Skip(1))
        {
            if (fields.Length != names.Length) throw new EdgeException($"Line {line} of the CSV file has {fields.Length} fields, the header {names.Length}.");
            if (fields[file].Trim().Length == 0) throw new EdgeException($"Line {line} of the CSV file names no picture.");
            labels.Add((fields[file].Trim(), fields[label], line));
        }
        return [.. labels.GroupBy(l => l.File).Select(g => new SceneLabel(g.Key, SceneLabel.Of(g.Select(l => l.Label)), $"line {g.First().Line}"))];
    }

    private static List<(int Line, string[] Fields)> Rows(string text, char separator)
    {
        List<(int, string[])> rows = [];
        List<string> fields = [];
        StringBuilder field = new();
        bool quoted = false;
        int line = 1, start = 1;
        for (int i = 0; i <= text.Length; i++)
        {
            char c = i < text.Length ? text[i] : '\n';
            if (quoted && i == text.Length) throw new EdgeException($"A quoted field that begins at line {start} of the CSV file has no end.");
            if (quoted)
            {
                if (c == '"' && i + 1 < text.Length && text[i + 1] == '"') { field.Append('"'); i++; }
                else if (c == '"') quoted = false;
                else field.Append(c);
            }
            else if (c == '"' && field.Length == 0) quoted = true;
            else if (c == separator || c == '\n')
            {
                fields.Add(field.ToString().TrimEnd('\r'));
                field.Clear();
                if (c == '\n')
                {
                    if (fields.Count > 1 || fields[0].Length > 0) rows.Add((start, [.. fields]));
                    fields.Clear();
                    start = line + 1;
                }
            }
            else field.Append(c);
            if (c == '\n') line++;
        }
        return rows;
    }
}
