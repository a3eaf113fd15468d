using Microsoft.Data.Sqlite;

namespace Edge.Journal;

/// <param name="Previous">Number of the entry of the same station before it, 0 = none: who has not got that one misses something.</param>
public sealed record StationEntry(JournalEntry Entry, long Previous);

/// <summary>Entries by station, and how far each station's have reached their receiver.</summary>
public sealed partial class JournalFile
{
    /// <summary>Entries of a station after <paramref name="after"/>, oldest first.</summary>
    public IReadOnlyList<StationEntry> Of(string station, long after, int limit)
    {
        List<StationEntry> entries = [];
        foreach (JournalEntry entry in Query(
            $"SELECT {Columns} FROM entries WHERE station = $station AND seq > $after ORDER BY seq LIMIT $limit", ("$station", station), ("$after", after), ("$limit", limit)))
            entries.Add(new StationEntry(entry, entries.Count > 0 ? entries[^1].Entry.Seq : Before(station, entry.Seq)));
        return entries;
    }

    /// <summary>The newest entries of a station and kind, newest first.</summary>
    public IEnumerable<JournalEntry> LastOf(string station, string kind, int limit) => Query(
        $"SELECT {Columns} FROM entries WHERE station = $station AND kind = $kind ORDER BY seq DESC LIMIT $limit", ("$station", station), ("$kind", kind), ("$limit", limit));

    /// <summary>The last entry of a station that its receiver has; 0 = none.</summary>
    public long Sent(string station) => Scalar("SELECT sent FROM stations WHERE station = $station", ("$station", station));

    public long CountAfter(string station, long after) =>
        Scalar("SELECT count(*) FROM entries WHERE station = $station AND seq > $after", ("$station", station), ("$after", after));

    /// <summary>A gap that removing old entries has made still shows: the last one removed is known.</summary>
    private long Before(string station, long seq) => Scalar("""
        SELECT coalesce((SELECT max(seq) FROM entries WHERE station = $station AND seq < $seq), (SELECT removed FROM stations WHERE station = $station), 0)
        """, ("$station", station), ("$seq", seq));

    private void MarkSent(string station, long upTo, SqliteTransaction transaction)
    {
        using SqliteCommand mark = Command("INSERT INTO stations (station, sent) VALUES ($station, $sent) ON CONFLICT (station) DO UPDATE SET sent = max(sent, $sent)", ("$station", station), ("$sent", upTo));
        mark.Transaction = transaction;
        mark.ExecuteNonQuery();
    }

    /// <summary>Keeps each station's last number before the entries up to <paramref name="seq"/> are removed.</summary>
    /// <returns>By station, how many of them were not sent.</returns>
    private Dictionary<string, long> NoteRemoved(long seq, SqliteTransaction transaction)
    {
        Dictionary<string, long> unsent = [];
        using (SqliteCommand find = Command("""
            SELECT station, count(*) FROM entries LEFT JOIN stations USING (station) WHERE seq <= $seq AND seq > coalesce(sent, 0) GROUP BY station
            """, ("$seq", seq)))
        {
            find.Transaction = transaction;
            using SqliteDataReader reader = find.ExecuteReader();
            while (reader.Read()) unsent[reader.GetString(0)] = reader.GetInt64(1);
        }
        using SqliteCommand note = Command("""
            INSERT INTO stations (station, removed) SELECT station, max(seq) FROM entries WHERE seq <= $seq GROUP BY station
            ON CONFLICT (station) DO UPDATE SET removed = max(removed, excluded.removed)
            """, ("$seq", seq));
        note.Transaction = transaction;
        note.ExecuteNonQuery();
        return unsent;
    }
}
