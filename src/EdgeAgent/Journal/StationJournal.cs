using Edge.Journal;
using Microsoft.Data.Sqlite;

namespace Edge.Agent.Journal;

/// <summary>One station's entries as they reach the disk: a reader beside the writer, with a connection of its own. One task.</summary>
/// <param name="receiver">For whom its progress is kept; null = the historian on the <c>record</c> topic.</param>
internal sealed class StationJournal(JournalWriter writer, string station, string? receiver = null) : IDisposable
{
    /// <summary>A station's name has no '@'.</summary>
    private readonly string mark = receiver is null ? station : $"{station}@{receiver}";

    private JournalFile? file;
    private int opened;

    /// <summary>The journal's; another one's numbers begin anew.</summary>
    public string Id => file?.Id ?? "";

    /// <summary>The newest part; null while there is none.</summary>
    /// <exception cref="EdgeException">It can't be read at the moment.</exception>
    public JournalEntry? LastPart => Read(journal => journal.LastOf(station, JournalKind.Part, 1).FirstOrDefault());

    /// <summary>Up to here the receiver has them.</summary>
    public long Sent { get; private set; }

    /// <summary>The next entries, oldest first; none while there is no journal.</summary>
    /// <exception cref="EdgeException">It can't be read at the moment.</exception>
    public IReadOnlyList<StationEntry> Next(int limit) => Read(journal => journal.Of(station, Sent, limit)) ?? [];

    public long Unsent => Read(journal => journal.CountAfter(station, Sent));

    public void MarkSent(long upTo)
    {
        if (opened != writer.Opened) return;   // of a journal that was set aside meanwhile
        Sent = upTo;
        writer.MarkSent(mark, upTo);
    }

    private T? Read<T>(Func<JournalFile, T> read)
    {
        try
        {
            if (opened != writer.Opened) Open();
            return file is null ? default : read(file);
        }
        catch (SqliteException e)
        {
            Dispose();
            throw new EdgeException($"the journal can't be read: {e.Message}", e);
        }
    }

    private void Open()
    {
        Dispose();
        int now = writer.Opened;
        file = JournalFile.Open(writer.Path);
        // The same journal, opened again after a full disk: the marks that are not on the disk yet still hold.
        (opened, Sent) = (now, file.Id == lastId ? Math.Max(Sent, file.Sent(mark)) : file.Sent(mark));
        lastId = file.Id;
    }

    private string lastId = "";

    public void Dispose()
    {
        file?.Dispose();
        (file, opened) = (null, 0);
    }
}
