using Microsoft.Data.Sqlite;

namespace Edge.Journal;

/// <summary>Which parts to look for; null = any.</summary>
/// <param name="Id">jobId or partId, whole.</param>
/// <param name="Before">Only entries with a smaller number.</param>
/// <param name="Limit">At most so many.</param>
public sealed record JournalQuery(string? Id = null, string? Station = null, string? Verdict = null, DateTimeOffset? From = null, DateTimeOffset? To = null, long? Before = null, int Limit = 24);

/// <summary>Looking for parts.</summary>
public sealed partial class JournalFile
{
    /// <summary>Entries that one search reads at most: what is rare must not keep a reader busy for minutes.</summary>
    public const int SearchSpan = 200_000;

    /// <summary>Parts, newest first.</summary>
    /// <param name="query">Which.</param>
    /// <param name="span">Entries to read at most, unless an id is asked for.</param>
    /// <returns>And the <see cref="JournalQuery.Before"/> of a search that goes on; null = everything was seen.</returns>
    public (IReadOnlyList<JournalEntry> Parts, long? Next) Search(JournalQuery query, int span = SearchSpan)
    {
        ArgumentNullException.ThrowIfNull(query);
        long before = Math.Min(query.Before ?? long.MaxValue, Scalar("SELECT max(seq) FROM entries") + 1);
        // An id has an index.
        long from = query.Id is null ? Math.Max(0, before - span) : 0;
        JournalEntry[] parts = [.. Query($"""
            SELECT {Columns} FROM entries
            WHERE seq < $before AND seq >= $lowest AND kind = '{JournalKind.Part}'
              {(query.Id is null ? "" : "AND (job = $id OR part = $id)")} {(query.Station is null ? "" : "AND station = $station")}
              {(query.Verdict is null ? "" : "AND record ->> 'verdict' = $verdict")} AND at >= $from AND at <= $to
            ORDER BY seq DESC LIMIT $limit
            """,
            ("$before", before), ("$lowest", from), ("$id", query.Id ?? ""), ("$station", query.Station ?? ""), ("$verdict", query.Verdict ?? ""),
            ("$from", query.From?.ToUnixTimeMilliseconds() ?? long.MinValue), ("$to", query.To?.ToUnixTimeMilliseconds() ?? long.MaxValue), ("$limit", query.Limit))];
        long next = parts.Length == query.Limit ? parts[^1].Seq : from;
        return (parts, Scalar("SELECT count(*) FROM (SELECT 1 FROM entries WHERE seq < $next LIMIT 1)", ("$next", next)) > 0 ? next : null);
    }

    /// <summary>One entry; null when there is none of this number and kind.</summary>
    public JournalEntry? Entry(long seq, string kind) => Query($"SELECT {Columns} FROM entries WHERE seq = $seq AND kind = $kind", ("$seq", seq), ("$kind", kind)).FirstOrDefault();

    /// <summary>Entries about pictures with their parts, newest first.</summary>
    /// <param name="before">Only pictures with a smaller number.</param>
    /// <param name="limit">Pictures at most.</param>
    public IEnumerable<(JournalEntry Image, JournalEntry Part)> Pictured(string? station, long before, int limit)
    {
        foreach (JournalEntry image in Query($"SELECT {Columns} FROM entries WHERE kind = '{JournalKind.Image}' AND seq < $before AND ($station IS NULL OR station = $station) ORDER BY seq DESC LIMIT $limit",
            ("$before", before), ("$station", (object?)station ?? DBNull.Value), ("$limit", limit)))
        {
            JournalEntry? part = Query($"""
                SELECT {Columns} FROM entries WHERE job = (SELECT job FROM entries WHERE seq = $image) AND station = $station AND kind = '{JournalKind.Part}' AND seq < $image ORDER BY seq DESC LIMIT 1
                """, ("$image", image.Seq), ("$station", image.Station)).FirstOrDefault();
            if (part is not null) yield return (image, part);
        }
    }

    /// <summary>Number of the entry about the picture of a part; null when none was kept.</summary>
    /// <param name="part">The part's entry: its picture is told after it, and before the next part of this jobId, which may come again.</param>
    public long? ImageOf(string station, string job, long part)
    {
        using SqliteCommand find = Command($"""
            SELECT min(seq) FROM entries WHERE job = $job AND station = $station AND kind = '{JournalKind.Image}' AND seq > $part
              AND seq < ifnull((SELECT min(seq) FROM entries WHERE job = $job AND station = $station AND kind = '{JournalKind.Part}' AND seq > $part), {long.MaxValue})
            """, ("$job", job), ("$station", station), ("$part", part));
        return find.ExecuteScalar() as long?;
    }
}
