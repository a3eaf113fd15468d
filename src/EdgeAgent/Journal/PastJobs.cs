using System.Text.Json;
using Edge.Agent.Inspection;
using Edge.Journal;
using Microsoft.Data.Sqlite;

namespace Edge.Agent.Journal;

/// <summary>The jobs that an earlier run of the agent has decided, out of the journal.</summary>
internal static class PastJobs
{
    /// <summary>The newest of a station, oldest of them first; none when there is no journal yet.</summary>
    /// <exception cref="EdgeException">It can't be read.</exception>
    public static IReadOnlyList<Job> Read(string path, string station, int limit)
    {
        if (!File.Exists(path)) return [];
        try
        {
            using JournalFile journal = JournalFile.Open(path);
            return [.. journal.LastOf(station, JournalKind.Part, limit).Select(entry => Job(entry.Record)).Reverse()];
        }
        catch (Exception e) when (e is SqliteException or JsonException or KeyNotFoundException)
        {
            throw new EdgeException($"the journal {path} can't be read: {e.Message}", e);
        }
    }

    private static Job Job(string record)
    {
        using JsonDocument json = JsonDocument.Parse(record);
        Job job = new(json.RootElement.GetProperty("jobId").GetString()!, null, null, null, 0) { Stored = record };
        job.MarkRecorded();   // whether the broker had its verdict nobody knows
        return job;
    }
}
