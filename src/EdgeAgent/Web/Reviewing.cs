using System.Globalization;
using System.Text.Json;
using Edge.Agent.Journal;
using Edge.Agent.Reviews;
using Edge.Journal;

namespace Edge.Agent.Web;

/// <param name="Why">Why its picture was kept: reject, review, uninspected, near-threshold or sample.</param>
internal sealed record QueuePart(HistoryPart Part, string Why);

/// <param name="Next">Where to look on for older ones; null = there are none.</param>
/// <param name="Defects">Kinds that were named before.</param>
internal sealed record QueueView(IReadOnlyList<QueuePart> Parts, long? Next, IReadOnlyList<string> Defects);

/// <summary>A review as the page shows it.</summary>
internal sealed record ReviewView(long Id, DateTimeOffset At, string By, long Entry, string Station, string JobId, string? PartId, string Verdict, string? Model, int? Version, Judgement Judgement, string? Defect, string? Note, string? Outcome, bool Picture)
{
    public static ReviewView? Of(Review? r) => r is null or { Judgement: Judgement.Withdrawn } ? null
        : new ReviewView(r.Id, r.At, r.By, r.Entry, r.Station, r.JobId, r.PartId, r.Verdict, r.Model, r.Version, r.Judgement, r.Defect, r.Note, r.Outcome, r.Picture is not null);
}

/// <summary>Parts with pictures that wait for a person's word, newest or most uncertain first, and what was said.</summary>
internal sealed class Reviewing(ReviewBook book, JournalWriter? journal)
{
    private const int Parts = 24, MostUncertain = 100;

    /// <summary>Pictures that one request looks at, at most.</summary>
    private const int Span = 2000;

    public async Task WriteQueueAsync(HttpContext http)
    {
        IQueryCollection query = http.Request.Query;
        string? station = Given("station"), why = Given("why");
        long before = long.MaxValue;
        if (Given("before") is { } b && !long.TryParse(b, NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            await OperatorPage.WriteErrorAsync(http, StatusCodes.Status400BadRequest, "before is a number.").ConfigureAwait(false);
            return;
        }
        bool done = Given("reviewed") == "1", uncertain = Given("order") == "uncertain";
        QueueView view = await History.ReadAsync(journal, file => Find(file, station, why, before, done, uncertain), http.RequestAborted).ConfigureAwait(false);
        await OperatorPage.WriteJsonAsync(http, view, WebJson.Default.QueueView).ConfigureAwait(false);

        string? Given(string name) => query[name] is [{ Length: > 0 } value, ..] ? value : null;
    }

    private QueueView Find(JournalFile file, string? station, string? why, long before, bool done, bool uncertain)
    {
        List<QueuePart> parts = [];
        long? next = null;
        int seen = 0;
        foreach ((JournalEntry image, JournalEntry part) in file.Pictured(station, before, Span))
        {
            seen++;
            next = image.Seq;
            string kept = WhyOf(image.Record);
            if (kept == "uninspected" || why is not null && kept != why) continue;
            Review? last = book.Read(r => r.Between(file.Id, part.Seq, part.Seq), []).GetValueOrDefault(part.Seq);
            bool reviewed = last is { Judgement: not Judgement.Withdrawn };
            if (reviewed != done) continue;
            using JsonDocument record = JsonDocument.Parse(part.Record);
            parts.Add(new QueuePart(new HistoryPart(part.Seq, part.At, part.Station, record.RootElement.Clone(), image.Seq, ReviewView.Of(last)), kept));
            if (!uncertain && parts.Count == Parts) break;
        }
        bool more = seen == Span || !uncertain && parts.Count == Parts;
        if (uncertain) parts = [.. parts.OrderBy(p => Distance(p.Part.Record)).Take(MostUncertain)];
        return new QueueView(parts, more ? next : null, book.Read(r => r.Defects(), []));
    }

    private static string WhyOf(string record)
    {
        using JsonDocument image = JsonDocument.Parse(record);
        return image.RootElement.TryGetProperty("why", out JsonElement why) && why.ValueKind == JsonValueKind.String ? why.GetString()! : "";
    }

    /// <summary>From the threshold, in thresholds: stations and models differ in their scores.</summary>
    private static double Distance(JsonElement part) =>
        part.TryGetProperty("score", out JsonElement s) && part.TryGetProperty("threshold", out JsonElement t) && s.ValueKind == JsonValueKind.Number && t.ValueKind == JsonValueKind.Number && t.GetDouble() is not 0 and var threshold
            ? Math.Abs(s.GetDouble() / threshold - 1) : double.PositiveInfinity;
}
