using System.Globalization;
using System.Text.Json;
using Edge.Agent.Journal;
using Edge.Agent.Reviews;
using Edge.Journal;
using Microsoft.Data.Sqlite;

namespace Edge.Agent.Web;

/// <param name="Image">Number of the journal's entry about its picture; null = none was kept.</param>
/// <param name="Record">As the journal has it.</param>
/// <param name="Review">What was said of it last; null = nothing.</param>
internal sealed record HistoryPart(long Seq, DateTimeOffset At, string Station, JsonElement Record, long? Image, ReviewView? Review);

/// <param name="Next">Where to look on for older ones; null = there are none.</param>
internal sealed record HistoryView(IReadOnlyList<HistoryPart> Parts, long? Next);

/// <summary>Parts out of the journal, newest first, by readers of their own beside the writer.</summary>
internal sealed class History(JournalWriter? journal, ReviewBook? reviews)
{
    private const int MostParts = 100;

    public async Task WriteAsync(HttpContext http)
    {
        if (Query(http.Request.Query) is not { } query)
        {
            await OperatorPage.WriteErrorAsync(http, StatusCodes.Status400BadRequest, "from and to are times (2026-11-24T06:00Z), before is a number, limit is 1 to 100.").ConfigureAwait(false);
            return;
        }
        HistoryView view = await ReadAsync(journal, file =>
        {
            (IReadOnlyList<JournalEntry> parts, long? next) = file.Search(query);
            Dictionary<long, Review> said = parts.Count == 0 || reviews is null ? [] : reviews.Read(r => r.Between(file.Id, parts[^1].Seq, parts[0].Seq), []);
            return new HistoryView([.. parts.Select(p => Part(file, p, said.GetValueOrDefault(p.Seq)))], next);
        }, http.RequestAborted).ConfigureAwait(false);
        await OperatorPage.WriteJsonAsync(http, view, WebJson.Default.HistoryView).ConfigureAwait(false);
    }

    private static readonly SemaphoreSlim Readers = new(2);   // people can wait; the disk is the journal's

    /// <summary>Reads with a connection of its own.</summary>
    /// <exception cref="EdgeException">There is no journal, or it can't be read.</exception>
    public static async Task<T> ReadAsync<T>(JournalWriter? journal, Func<JournalFile, T> read, CancellationToken cancel)
    {
        if (journal is null) throw new EdgeException("The journal is off (Edge:Journal:Enabled): there is no history.");
        await Readers.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            return await Task.Run(() =>
            {
                using JournalFile file = JournalFile.Open(journal.Path);
                return read(file);
            }, cancel).ConfigureAwait(false);
        }
        catch (SqliteException e)
        {
            throw new EdgeException($"the journal can't be read: {e.Message}", e);
        }
        finally
        {
            Readers.Release();
        }
    }

    private static HistoryPart Part(JournalFile file, JournalEntry entry, Review? review)
    {
        using JsonDocument record = JsonDocument.Parse(entry.Record);
        string? job = record.RootElement.TryGetProperty("jobId", out JsonElement id) ? id.GetString() : null;
        return new HistoryPart(entry.Seq, entry.At, entry.Station, record.RootElement.Clone(), job is null ? null : file.ImageOf(entry.Station, job, entry.Seq), ReviewView.Of(review));
    }

    /// <summary>Null when something is not what it should be.</summary>
    private static JournalQuery? Query(IQueryCollection query)
    {
        DateTimeOffset? from = null, to = null;
        long? before = null;
        int limit = 24;
        if (Given("from") is { } f)
        {
            if (!Time(f, out DateTimeOffset at)) return null;
            from = at;
        }
        if (Given("to") is { } t)
        {
            if (!Time(t, out DateTimeOffset at)) return null;
            to = at;
        }
        if (Given("before") is { } b)
        {
            if (!long.TryParse(b, NumberStyles.None, CultureInfo.InvariantCulture, out long number)) return null;
            before = number;
        }
        if (Given("limit") is { } l && !(int.TryParse(l, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MostParts)) return null;
        return new JournalQuery(Given("id"), Given("station"), Given("verdict"), from, to, before, limit);

        string? Given(string name) => query[name] is [{ Length: > 0 } value, ..] ? value : null;
    }

    private static bool Time(string text, out DateTimeOffset at) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out at);
}
