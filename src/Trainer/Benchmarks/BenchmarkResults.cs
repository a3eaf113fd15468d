using System.Text.Json;

namespace Edge.Training.Benchmarks;

/// <summary>Rows, each written as soon as it is there: what was measured before an interruption is not measured again.</summary>
internal sealed class BenchmarkResults
{
    private readonly string? path;
    private readonly List<BenchmarkRow> rows = [];

    public IReadOnlyList<BenchmarkRow> Rows => rows;

    /// <param name="path">A file of JSON lines, made when it does not exist; null = rows are kept in memory.</param>
    /// <exception cref="EdgeException">The file holds something else, or can't be read.</exception>
    public BenchmarkResults(string? path)
    {
        this.path = path;
        if (path is null || !File.Exists(path)) return;
        try
        {
            foreach (string line in File.ReadLines(path).Where(l => l.Length > 0))
                rows.Add(JsonSerializer.Deserialize(line, BenchmarkJson.Default.BenchmarkRow) ?? throw new JsonException("null"));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"{path} line {rows.Count + 1} is no result of a benchmark ({e.Message}). Give another file, or remove that line.", e);
        }
    }

    public bool Has((string, string, int, string) key) => rows.Exists(r => r.Key == key);

    /// <exception cref="EdgeException">The file can't be written.</exception>
    public void Add(BenchmarkRow row)
    {
        rows.Add(row);
        if (path is null) return;
        try
        {
            File.AppendAllText(path, row.ToJson() + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"{path} can't be written: {e.Message}", e);
        }
    }
}
