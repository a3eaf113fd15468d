using Microsoft.Data.Sqlite;

namespace Edge.Journal;

/// <summary>An SQLite database as it is at one moment, in one file, while others write to it.</summary>
internal static class DatabaseCopy
{
    /// <exception cref="EdgeException">The copy can't be written.</exception>
    public static void Write(SqliteConnection database, string path)
    {
        try
        {
            File.Delete(path);
            using SqliteConnection copy = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
            copy.Open();
            database.BackupDatabase(copy);
            using SqliteCommand one = copy.CreateCommand();
            one.CommandText = "PRAGMA journal_mode = DELETE";   // no write-ahead log beside it
            one.ExecuteNonQuery();
        }
        catch (SqliteException e)
        {
            throw new EdgeException($"The copy {path} cannot be written: {e.Message}", e);
        }
    }
}
