using System.Security.Cryptography;
using System.Text.Json;
using Edge.Journal;
using Edge.Packages;
using Microsoft.Data.Sqlite;

namespace Edge.Training.Data;

/// <summary>Raw scores of the parts that the agent inspected, oldest first.</summary>
/// <param name="Uninspected">Parts without a score.</param>
/// <param name="OtherModels">Parts that another graph scored.</param>
/// <param name="Digest">SHA-256 of the entries read, lower-case hexadecimal.</param>
internal sealed record JournalScores(float[] Scores, int Uninspected, int OtherModels, string Digest)
{
    /// <param name="package">Only scores of its graph count; every version that was published with another threshold has the same one.</param>
    /// <param name="station">null = of all stations.</param>
    /// <param name="last">Only so many parts from the end, whatever became of them; null = all.</param>
    /// <exception cref="EdgeException">No journal, or no part of this graph in it.</exception>
    public static JournalScores Read(string path, Package package, string? station, int? last)
    {
        Dictionary<int, bool> sameGraph = [];
        List<float> scores = [];
        int uninspected = 0, others = 0;
        using IncrementalHash digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            using JournalFile journal = JournalFile.Open(path);
            foreach (JournalEntry entry in journal.Newest(JournalKind.Part, station, last ?? int.MaxValue))
            {
                digest.AppendData(entry.Hash);
                using JsonDocument record = JsonDocument.Parse(entry.Record);
                JsonElement part = record.RootElement;
                if (!(part.GetProperty("score") is { ValueKind: JsonValueKind.Number } score && score.TryGetSingle(out float value) && float.IsFinite(value))) uninspected++;
                else if (part.GetProperty("model").GetString() == package.Manifest.Name && IsSame(part.GetProperty("version").GetInt32())) scores.Add(value);
                else others++;
            }
        }
        catch (Exception e) when (e is SqliteException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new EdgeException($"{path} can't be read as a journal: {e.Message} 'edge-agent journal verify' says whether it is whole.", e);
        }
        if (scores.Count == 0)
            throw new EdgeException($"{path} holds no part {(station is null ? "" : $"of station {station} ")}that {package.Manifest.Name} version {package.Manifest.Version}, or a version with the same graph, has scored ({uninspected} parts without a score, {others} of other models).");
        return new JournalScores([.. scores], uninspected, others, Convert.ToHexStringLower(digest.GetHashAndReset()));

        bool IsSame(int version)
        {
            if (sameGraph.TryGetValue(version, out bool known)) return known;
            return sameGraph[version] = package.SharesGraphWith(version);
        }
    }
}
