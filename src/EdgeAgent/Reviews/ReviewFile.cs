using Edge.Agent.Inspection;
using Edge.Journal;
using Microsoft.Data.Sqlite;

namespace Edge.Agent.Reviews;

/// <summary><c>reviews.db</c>: an SQLite database (write-ahead log, on the disk before it counts) that is only ever added to; it refuses changes itself. Not thread-safe.</summary>
internal sealed class ReviewFile : IDisposable
{
    public const string Name = "reviews.db";
    private const string Columns = "id, at, by, journal, entry, station, job, part, verdict, score, threshold, model, version, judgement, defect, note, picture";
    private const string Latest = "id IN (SELECT max(id) FROM reviews GROUP BY journal, entry)";

    private readonly SqliteConnection connection;

    private ReviewFile(SqliteConnection connection) => this.connection = connection;

    /// <exception cref="EdgeException">There is none, or it can't be read.</exception>
    public static ReviewFile Open(string folder)
    {
        string path = Path.Combine(folder, Name);
        return File.Exists(path) ? Connect(path, SqliteOpenMode.ReadOnly, "") : throw new EdgeException($"There are no reviews at {path}.");
    }

    /// <summary>Opens for writing; made when it does not exist.</summary>
    /// <exception cref="EdgeException">Not possible; the message says why.</exception>
    public static ReviewFile OpenForWriting(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Reviews can't be kept in {folder}: {e.Message}", e);
        }
        return Connect(Path.Combine(folder, Name), SqliteOpenMode.ReadWriteCreate, """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            BEGIN IMMEDIATE;   -- a reader sees all of it or none
            PRAGMA user_version = 1;
            CREATE TABLE IF NOT EXISTS reviews (
                id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, by TEXT NOT NULL, journal TEXT NOT NULL, entry INTEGER NOT NULL, station TEXT NOT NULL, job TEXT NOT NULL, part TEXT,
                verdict TEXT NOT NULL, score REAL, threshold REAL, model TEXT, version INTEGER, judgement TEXT NOT NULL, defect TEXT, note TEXT, picture TEXT);
            CREATE INDEX IF NOT EXISTS parts ON reviews (journal, entry);
            CREATE INDEX IF NOT EXISTS pictures ON reviews (model, picture);
            CREATE TRIGGER IF NOT EXISTS neverChanged BEFORE UPDATE ON reviews BEGIN SELECT raise(ABORT, 'reviews are never changed'); END;
            CREATE TRIGGER IF NOT EXISTS neverRemoved BEFORE DELETE ON reviews BEGIN SELECT raise(ABORT, 'reviews are never removed'); END;
            COMMIT;
            """);
    }

    /// <returns>With its number.</returns>
    /// <exception cref="EdgeException">It can't be written; nothing was.</exception>
    public Review Append(Review review)
    {
        try
        {
            using SqliteCommand insert = Command($"INSERT INTO reviews ({Columns}) VALUES (NULL, $at, $by, $journal, $entry, $station, $job, $part, $verdict, $score, $threshold, $model, $version, $judgement, $defect, $note, $picture) RETURNING id",
                ("$at", review.At.ToUnixTimeMilliseconds()), ("$by", review.By), ("$journal", review.Journal), ("$entry", review.Entry), ("$station", review.Station), ("$job", review.JobId), ("$part", review.PartId),
                ("$verdict", review.Verdict), ("$score", review.Score), ("$threshold", review.Threshold), ("$model", review.Model), ("$version", review.Version), ("$judgement", review.Judgement.Wire()),
                ("$defect", review.Defect), ("$note", review.Note), ("$picture", review.Picture));
            return review with { Id = (long)insert.ExecuteScalar()! };
        }
        catch (SqliteException e)
        {
            throw new EdgeException($"The review can't be written: {e.Message}", e);
        }
    }

    /// <summary>The last opinion about each part of this journal between two entries, both included; by entry.</summary>
    public Dictionary<long, Review> Between(string journal, long first, long last) =>
        Query($"SELECT {Columns} FROM reviews WHERE id IN (SELECT max(id) FROM reviews WHERE journal = $journal AND entry BETWEEN $first AND $last GROUP BY entry)", ("$journal", journal), ("$first", first), ("$last", last))
            .ToDictionary(r => r.Entry);

    /// <summary>The last opinion about each part, newest first.</summary>
    /// <param name="before">Only those with a smaller number; null = from the newest on.</param>
    public IReadOnlyList<Review> Newest(int limit, long? before = null) => Query($"SELECT {Columns} FROM reviews WHERE {Latest} AND id < $before ORDER BY id DESC LIMIT $limit", ("$before", before ?? long.MaxValue), ("$limit", limit));

    /// <summary>The last opinion about each picture that was kept, whichever part showed it.</summary>
    public IReadOnlyList<Review> OfPictures() => Query($"SELECT {Columns} FROM reviews WHERE id IN (SELECT max(id) FROM reviews WHERE picture IS NOT NULL AND model IS NOT NULL GROUP BY model, picture) ORDER BY id");

    /// <summary>Kinds of defects that were named, the most frequent first.</summary>
    public IReadOnlyList<string> Defects()
    {
        using SqliteCommand find = Command("SELECT defect FROM reviews WHERE defect IS NOT NULL GROUP BY defect ORDER BY count(*) DESC, defect");
        using SqliteDataReader reader = find.ExecuteReader();
        List<string> defects = [];
        while (reader.Read()) defects.Add(reader.GetString(0));
        return defects;
    }

    public IReadOnlyList<ReviewCount> Counts()
    {
        using SqliteCommand count = Command($"SELECT model, version, verdict, judgement, count(*) FROM reviews WHERE {Latest} AND judgement != '{Judgement.Withdrawn.Wire()}' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2 DESC, 3, 4");
        using SqliteDataReader reader = count.ExecuteReader();
        List<ReviewCount> counts = [];
        while (reader.Read()) counts.Add(new ReviewCount(reader[0] as string, reader[1] as long? is { } v ? (int)v : null, reader.GetString(2), Enum.Parse<Judgement>(reader.GetString(3), ignoreCase: true), reader.GetInt64(4)));
        return counts;
    }

    /// <summary>Copies all of it as it is at one moment into one file, while the agent writes.</summary>
    /// <exception cref="EdgeException">The copy can't be written.</exception>
    public void CopyTo(string path) => DatabaseCopy.Write(connection, path);

    public void Dispose() => connection.Dispose();

    private static ReviewFile Connect(string path, SqliteOpenMode mode, string prepare)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = 10 }.ToString());
        try
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = prepare + "\nSELECT count(*) FROM reviews";
            command.ExecuteNonQuery();
            return new ReviewFile(connection);
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw new EdgeException($"{path} can't be opened as reviews: {e.Message}", e);
        }
    }

    private List<Review> Query(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        using SqliteDataReader r = command.ExecuteReader();
        List<Review> reviews = [];
        while (r.Read())
            reviews.Add(new Review(r.GetInt64(0), DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(1)), r.GetString(2), r.GetString(3), r.GetInt64(4), r.GetString(5), r.GetString(6), r[7] as string,
                r.GetString(8), r[9] as double?, r[10] as double?, r[11] as string, r[12] as long? is { } v ? (int)v : null, Enum.Parse<Judgement>(r.GetString(13), ignoreCase: true), r[14] as string, r[15] as string, r[16] as string));
        return reviews;
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object? value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}
