using Microsoft.Data.Sqlite;

namespace Edge.Journal;

/// <summary>What a look at the whole chain says.</summary>
/// <param name="BrokenAt">The first entry that does not follow from the one before; null when all do.</param>
/// <param name="Head">Hash of the last entry, lower-case hexadecimal; a copy kept elsewhere shows that the end was not cut off.</param>
public sealed record JournalVerification(long Entries, long First, long Last, long? BrokenAt, string Head);

/// <summary>
/// The agent's journal: an SQLite database (write-ahead log, every transaction on disk before it counts) of entries that are chained by
/// hashes. One writer, any number of readers, which see whole transactions. Not thread-safe.
/// </summary>
public sealed partial class JournalFile : IDisposable
{
    private const int Schema = 1;
    private const string Columns = "seq, at, station, kind, record, hash";

    private readonly SqliteConnection connection;
    private long last;
    private byte[] head = JournalEntry.Genesis;

    private JournalFile(SqliteConnection connection) => this.connection = connection;

    /// <summary>Number of the last entry; 0 = none.</summary>
    public long Last => last;

    /// <summary>Drawn when the journal was made: numbers of another journal are not this one's.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Opens for reading, also while the agent writes.</summary>
    /// <exception cref="EdgeException">No such file, or no journal.</exception>
    public static JournalFile Open(string path)
    {
        if (!File.Exists(path)) throw new EdgeException($"There is no journal at {path}.");
        try
        {
            return Connect(path, SqliteOpenMode.ReadOnly);
        }
        catch (SqliteException e)
        {
            throw new EdgeException($"{path} can't be read as a journal: {e.Message}", e);
        }
    }

    /// <summary>Opens for writing; made when it does not exist.</summary>
    /// <exception cref="SqliteException">Not possible; the code says why.</exception>
    public static JournalFile OpenForWriting(string path)
    {
        JournalFile journal = Connect(path, SqliteOpenMode.ReadWriteCreate);
        try
        {
            journal.Execute($"""
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = FULL;
                BEGIN IMMEDIATE;   -- a reader sees all of it or none
                PRAGMA user_version = {Schema};
                CREATE TABLE IF NOT EXISTS entries (
                    seq INTEGER PRIMARY KEY,
                    at INTEGER NOT NULL,
                    station TEXT NOT NULL,
                    kind TEXT NOT NULL,
                    record TEXT NOT NULL,
                    hash BLOB NOT NULL,
                    job TEXT GENERATED ALWAYS AS (record ->> 'jobId') VIRTUAL,
                    part TEXT GENERATED ALWAYS AS (record ->> 'partId') VIRTUAL);
                CREATE INDEX IF NOT EXISTS jobs ON entries (job) WHERE job IS NOT NULL;
                CREATE INDEX IF NOT EXISTS parts ON entries (part) WHERE part IS NOT NULL;
                CREATE INDEX IF NOT EXISTS times ON entries (at);
                CREATE TABLE IF NOT EXISTS pruned (seq INTEGER NOT NULL, hash BLOB NOT NULL);
                CREATE INDEX IF NOT EXISTS stationEntries ON entries (station, seq);
                CREATE TABLE IF NOT EXISTS stations (station TEXT PRIMARY KEY, sent INTEGER NOT NULL DEFAULT 0, removed INTEGER NOT NULL DEFAULT 0);
                CREATE TABLE IF NOT EXISTS identity (id TEXT NOT NULL);
                INSERT INTO identity SELECT lower(hex(randomblob(8))) WHERE NOT EXISTS (SELECT 1 FROM identity);
                COMMIT;
                """);
            journal.FindEnd();
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Hash of the last entry, lower-case hexadecimal.</summary>
    public string Head => Convert.ToHexStringLower(head);

    /// <summary>Copies the journal as it is at one moment into one file, while the agent writes.</summary>
    /// <exception cref="EdgeException">The copy can't be written.</exception>
    public void CopyTo(string path) => DatabaseCopy.Write(connection, path);

    /// <summary>A copy that goes on by itself is another journal: its numbers are not the original's.</summary>
    /// <exception cref="EdgeException">It can't be written.</exception>
    public static void BecomeAnother(string path)
    {
        try
        {
            using JournalFile journal = Connect(path, SqliteOpenMode.ReadWrite);
            journal.Execute("UPDATE identity SET id = lower(hex(randomblob(8)))");
        }
        catch (SqliteException e)
        {
            throw new EdgeException($"{path} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Writes all or none of them; they are on the disk when it returns.</summary>
    /// <param name="sent">By station, the last entry that its receiver has; written with them.</param>
    /// <exception cref="SqliteException">Nothing was written: the disk is full, for one.</exception>
    public void Append(IEnumerable<JournalRecord> records, IReadOnlyDictionary<string, long>? sent = null)
    {
        (long seq, byte[] hash) = (last, head);
        using (SqliteTransaction transaction = connection.BeginTransaction())
        {
            using SqliteCommand insert = Command($"INSERT INTO entries ({Columns}) VALUES ($seq, $at, $station, $kind, $record, $hash)");
            insert.Transaction = transaction;
            foreach (JournalRecord record in records)
            {
                hash = JournalEntry.HashOf(hash, ++seq, record);
                insert.Parameters.Clear();
                Bind(insert, ("$seq", seq), ("$at", record.At.ToUnixTimeMilliseconds()), ("$station", record.Station), ("$kind", record.Kind), ("$record", record.Record), ("$hash", hash));
                insert.ExecuteNonQuery();
            }
            foreach ((string station, long upTo) in sent ?? new Dictionary<string, long>()) MarkSent(station, upTo, transaction);
            transaction.Commit();
        }
        (last, head) = (seq, hash);
    }

    /// <summary>Entries after <paramref name="after"/>, oldest first.</summary>
    public IEnumerable<JournalEntry> After(long after, int limit = int.MaxValue) =>
        Query($"SELECT {Columns} FROM entries WHERE seq > $after ORDER BY seq LIMIT $limit", ("$after", after), ("$limit", limit));

    /// <summary>The newest entries of a kind, oldest of them first.</summary>
    /// <param name="station">null = of all stations.</param>
    public IEnumerable<JournalEntry> Newest(string kind, string? station, int limit) =>
        Query($"""
            SELECT * FROM (SELECT {Columns} FROM entries WHERE kind = $kind AND ($station IS NULL OR station = $station) ORDER BY seq DESC LIMIT $limit)
            ORDER BY seq
            """, ("$kind", kind), ("$station", (object?)station ?? DBNull.Value), ("$limit", limit));

    /// <summary>Everything about a job or a part, oldest first.</summary>
    public IEnumerable<JournalEntry> About(string jobOrPart) =>
        Query($"SELECT {Columns} FROM entries WHERE job = $id OR part = $id ORDER BY seq", ("$id", jobOrPart));

    /// <summary>Removes the entries before <paramref name="before"/>, the last one never. What remains can still be verified: the hash it follows from is kept.</summary>
    /// <param name="unsent">By station, how many of them were not sent is added here.</param>
    /// <returns>How many were removed.</returns>
    public long Prune(DateTimeOffset before, IDictionary<string, long>? unsent = null) =>
        Prune("SELECT max(seq) FROM entries WHERE at < $limit AND seq < (SELECT max(seq) FROM entries)", before.ToUnixTimeMilliseconds(), unsent);

    /// <summary>Removes the oldest entries until <paramref name="count"/> remain.</summary>
    public long PruneTo(long count, IDictionary<string, long>? unsent = null) =>
        Prune("SELECT max(seq) FROM entries WHERE seq <= (SELECT max(seq) FROM entries) - $limit", Math.Max(1, count), unsent);

    /// <summary>Bytes of the pages in use; the file may be larger.</summary>
    public long Bytes => Scalar("SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)") * Scalar("PRAGMA page_size");

    public long Count => Scalar("SELECT count(*) FROM entries");

    /// <summary>Recomputes every hash.</summary>
    public JournalVerification Verify(Action<long>? seen = null, CancellationToken cancellation = default)
    {
        (long seq, byte[] hash) = Beginning();
        long first = seq + 1, count = 0;
        long? broken = null;
        foreach (JournalEntry entry in After(0))
        {
            cancellation.ThrowIfCancellationRequested();
            count++;
            byte[] expected = JournalEntry.HashOf(hash, seq + 1, new JournalRecord(entry.Station, entry.Kind, entry.At, entry.Record));
            if (broken is null && (entry.Seq != seq + 1 || !expected.AsSpan().SequenceEqual(entry.Hash))) broken = entry.Seq;
            (seq, hash) = (entry.Seq, entry.Hash);
            seen?.Invoke(count);
        }
        return new JournalVerification(count, first, seq, broken, Convert.ToHexStringLower(hash));
    }

    public void Dispose() => connection.Dispose();

    private static JournalFile Connect(string path, SqliteOpenMode mode)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = 10 }.ToString());
        JournalFile journal = new(connection);
        try
        {
            connection.Open();
            if (journal.Scalar("PRAGMA user_version") is not (0 or Schema) and long schema) throw new EdgeException($"{path} has schema {schema}; this build reads {Schema}.");
            if (mode == SqliteOpenMode.ReadOnly && journal.Scalar("SELECT count(*) FROM sqlite_schema") == 0) throw new EdgeException($"There is no journal at {path} yet: the database is empty.");
            if (mode == SqliteOpenMode.ReadOnly) journal.FindEnd();
            return journal;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void FindEnd()
    {
        (last, head) = Beginning();
        foreach (JournalEntry entry in Query($"SELECT {Columns} FROM entries ORDER BY seq DESC LIMIT 1")) (last, head) = (entry.Seq, entry.Hash);
        // A journal of an older build that is only read has none.
        if (Scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'identity'") == 0) return;
        using SqliteCommand command = Command("SELECT id FROM identity");
        Id = (string?)command.ExecuteScalar() ?? "";
    }

    /// <summary>What the first entry follows from.</summary>
    private (long Seq, byte[] Hash) Beginning()
    {
        using SqliteCommand command = Command("SELECT seq, hash FROM pruned");
        using SqliteDataReader reader = command.ExecuteReader();
        return reader.Read() ? (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : (0, JournalEntry.Genesis);
    }

    private long Prune(string upTo, long limit, IDictionary<string, long>? unsent)
    {
        using SqliteTransaction transaction = connection.BeginTransaction();
        using SqliteCommand find = Command(upTo, ("$limit", limit));
        find.Transaction = transaction;
        if (find.ExecuteScalar() is not long seq) return 0;
        Dictionary<string, long> missed = NoteRemoved(seq, transaction);
        using SqliteCommand prune = Command("DELETE FROM pruned; INSERT INTO pruned SELECT seq, hash FROM entries WHERE seq = $seq; DELETE FROM entries WHERE seq <= $seq; SELECT changes()", ("$seq", seq));
        prune.Transaction = transaction;
        long removed = (long)prune.ExecuteScalar()!;
        transaction.Commit();
        if (unsent is not null) foreach ((string station, long count) in missed) unsent[station] = unsent.TryGetValue(station, out long before) ? before + count : count;
        return removed;
    }

    private IEnumerable<JournalEntry> Query(string sql, params (string, object)[] parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
            yield return new JournalEntry(reader.GetInt64(0), reader.GetString(2), reader.GetString(3), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(1)), reader.GetString(4), reader.GetFieldValue<byte[]>(5));
    }

    private long Scalar(string sql, params (string, object)[] parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        return command.ExecuteScalar() is long value ? value : 0;
    }

    private void Execute(string sql)
    {
        using SqliteCommand command = Command(sql);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params (string, object)[] parameters)
    {
        SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // every text comes from this class; values are parameters
        command.CommandText = sql;
#pragma warning restore CA2100
        Bind(command, parameters);
        return command;
    }

    private static void Bind(SqliteCommand command, params (string Name, object Value)[] parameters)
    {
        foreach ((string name, object value) in parameters) command.Parameters.AddWithValue(name, value);
    }
}
