using System.Security.Cryptography;
using System.Text;
using Edge.Journal;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Edge.Tests.Journal;

public sealed class JournalFileTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
    private readonly TempFolder folder = new();

    private string Path => folder["journal.db"];

    public void Dispose() => folder.Dispose();

    private static JournalRecord Part(int i) => new("station1", JournalKind.Part, Start.AddSeconds(i), $$"""{"jobId":"job-{{i}}","partId":"serial {{i / 2}}","score":{{i}}}""");

    private void Write(int from, int count)
    {
        using JournalFile journal = JournalFile.OpenForWriting(Path);
        journal.Append([.. Enumerable.Range(from, count).Select(Part)]);
    }

    private void Tamper(string sql)
    {
        using SqliteConnection connection = new($"Data Source={Path};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(command.ExecuteNonQuery() > 0);
    }

    private JournalVerification Verify()
    {
        using JournalFile journal = JournalFile.Open(Path);
        return journal.Verify(cancellation: TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_database_that_its_writer_has_only_just_made_is_no_journal_yet()
    {
        using (SqliteConnection connection = new($"Data Source={Path};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode = WAL";   // what OpenForWriting does first; the rest comes in one transaction
            command.ExecuteNonQuery();
            Assert.Contains("There is no journal", Assert.Throws<EdgeException>(() => JournalFile.Open(Path)).Message, StringComparison.Ordinal);
        }
        Write(1, 1);
        Assert.Equal(1, Verify().Entries);
    }

    [Fact]
    public void Entries_come_back_as_they_were_written_and_the_chain_goes_on_after_a_restart()
    {
        Write(1, 3);
        Write(4, 2);
        using JournalFile journal = JournalFile.Open(Path);
        Assert.Equal(5, journal.Last);
        JournalEntry[] entries = [.. journal.After(0)];
        Assert.Equal(Enumerable.Range(1, 5).Select(i => ((long)i, Part(i))), entries.Select(e => (e.Seq, new JournalRecord(e.Station, e.Kind, e.At, e.Record))));
        Assert.Equal([4L, 5L], journal.Newest(JournalKind.Part, "station1", 2).Select(e => e.Seq));
        Assert.Empty(journal.Newest(JournalKind.Part, "another", 2));
        Assert.Equal([3L], journal.About("job-3").Select(e => e.Seq));
        Assert.Equal([4L, 5L], journal.About("serial 2").Select(e => e.Seq));
        // The hash as the documentation says it, from its parts.
        byte[] hash = new byte[32];
        foreach (JournalEntry e in entries)
        {
            hash = SHA256.HashData([.. hash, .. BigEndian(e.Seq), .. BigEndian(e.At.ToUnixTimeMilliseconds()), .. Encoding.UTF8.GetBytes("station1\0part\0" + e.Record)]);
            Assert.Equal(hash, e.Hash);
        }
        JournalVerification verification = journal.Verify(cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(new JournalVerification(5, 1, 5, null, Convert.ToHexStringLower(hash)), verification);
    }

    private static byte[] BigEndian(long value) => [.. BitConverter.GetBytes(value).Reverse()];

    [Theory]
    [InlineData("DELETE FROM entries WHERE seq = 3", 4)]
    [InlineData("UPDATE entries SET record = replace(record, '3', '9') WHERE seq = 3", 3)]
    [InlineData("UPDATE entries SET at = at + 1 WHERE seq = 2", 2)]
    [InlineData("UPDATE entries SET station = 'station2' WHERE seq = 5", 5)]
    [InlineData("DELETE FROM entries WHERE seq <= 2", 3)]
    [InlineData("UPDATE entries SET hash = zeroblob(32) WHERE seq = 1", 1)]
    public void What_was_changed_or_removed_shows(string sql, long at)
    {
        Write(1, 5);
        Tamper(sql);
        Assert.Equal(at, Verify().BrokenAt);
    }

    [Fact]
    public void Old_entries_go_and_the_rest_still_verifies()
    {
        Write(1, 10);
        string head = Verify().Head;
        using (JournalFile journal = JournalFile.OpenForWriting(Path))
        {
            Assert.Equal(4, journal.Prune(Start.AddSeconds(5)));
            Assert.Equal(0, journal.Prune(Start));
            Assert.Equal(3, journal.PruneTo(3));
            Assert.Equal(2, journal.Prune(DateTimeOffset.MaxValue));   // the last one stays: the chain goes on from it
            journal.Append([Part(11)]);
        }
        JournalVerification verification = Verify();
        Assert.Equal((2, 10, 11, null), (verification.Entries, verification.First, verification.Last, verification.BrokenAt));
        Assert.NotEqual(head, verification.Head);
        Tamper("DELETE FROM entries WHERE seq = 10");
        Assert.Equal(11, Verify().BrokenAt);
    }

    [Fact]
    public void A_batch_is_written_whole_or_not_at_all()
    {
        Write(1, 2);
        using (JournalFile journal = JournalFile.OpenForWriting(Path))
        {
            Assert.ThrowsAny<Exception>(() => journal.Append([Part(3), new JournalRecord("station1", JournalKind.Part, Start, null!)]));
            Assert.Equal(2, journal.Last);
            journal.Append([Part(3)]);
        }
        Assert.Equal((3, null), (Verify().Entries, Verify().BrokenAt));
    }

    [Fact]
    public void Readers_see_what_a_writer_has_written_while_it_is_open()
    {
        using JournalFile writer = JournalFile.OpenForWriting(Path);
        writer.Append([Part(1)]);
        using JournalFile reader = JournalFile.Open(Path);
        writer.Append([Part(2), Part(3)]);
        Assert.Equal([1L, 2L, 3L], reader.After(0).Select(e => e.Seq));
        Assert.Equal([2L], reader.After(1, 1).Select(e => e.Seq));
    }

    [Fact]
    public void What_is_no_journal_is_refused()
    {
        Assert.Contains("no journal", Assert.Throws<EdgeException>(() => JournalFile.Open(Path)).Message, StringComparison.Ordinal);
        File.WriteAllText(Path, "not a database, and long enough to be looked at as one: " + new string('x', 4096));
        Assert.Contains("can't be read", Assert.Throws<EdgeException>(() => JournalFile.Open(Path)).Message, StringComparison.Ordinal);
        File.Delete(Path);
        Write(1, 1);
        using (SqliteConnection connection = new($"Data Source={Path};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 9";
            command.ExecuteNonQuery();
        }
        Assert.Contains("schema 9", Assert.Throws<EdgeException>(() => JournalFile.Open(Path)).Message, StringComparison.Ordinal);
    }
}
