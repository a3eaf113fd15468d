using System.Collections.Concurrent;
using System.Text.Json;
using Edge.Agent.Archive;
using Edge.Agent.Configuration;
using Edge.Journal;

namespace Edge.Agent.Reviews;

/// <summary>What somebody says about a part of the journal.</summary>
/// <param name="Entry">Number of the part in the journal.</param>
internal sealed record ReviewRequest(long Entry, Judgement Judgement, string? Defect = null, string? Note = null);

/// <summary>Takes opinions: the picture out of the archive's reach, the opinion into the file, the picture to its label. Any thread, one at a time.</summary>
internal sealed class ReviewBook(ReviewOptions options, string journal, string archive, TimeProvider time) : IDisposable
{
    private const int LongestNote = 500;

    private readonly Lock gate = new();
    private readonly ReviewPictures pictures = new(Path.GetFullPath(options.Path));
    private readonly ConcurrentDictionary<(string Station, string Verdict, Judgement Judgement), long> counts = new();
    private ReviewFile? file;

    /// <summary>Reviews since the start.</summary>
    public IReadOnlyDictionary<(string Station, string Verdict, Judgement Judgement), long> Counts => counts;

    /// <exception cref="EdgeException">What is asked for can't be; nothing has changed.</exception>
    public Review Add(ReviewRequest request, string by)
    {
        string? defect = string.IsNullOrWhiteSpace(request.Defect) ? null : request.Defect.Trim(), note = string.IsNullOrWhiteSpace(request.Note) ? null : request.Note.Trim();
        if (defect is not null && request.Judgement != Judgement.Anomalous) throw new EdgeException("Only an anomalous part has a defect.");
        if (defect is Review.Good || defect is not null && !System.Text.RegularExpressions.Regex.IsMatch(defect, Review.DefectPattern))
            throw new EdgeException("The kind of defect is 1 to 32 of a-z, 0-9, '_' and '-', and not 'good'.");
        if (note?.Length > LongestNote) throw new EdgeException($"The note has {note.Length} characters; {LongestNote} are kept.");
        lock (gate)
        {
            (Review review, byte[]? png) = Read(request with { Defect = defect, Note = note }, by);
            ReviewFile written = Writer();
            if (png is not null) pictures.Keep(review.Model!, review.Picture!, png);
            review = written.Append(review);
            pictures.Place(review);   // if this fails or the machine stops here, the next start does it
            counts.AddOrUpdate((review.Station, review.Verdict, review.Judgement), 1, (_, n) => n + 1);
            return review;
        }
    }

    /// <summary>Reads what was said.</summary>
    /// <param name="none">When nobody has said anything yet: to look makes no file.</param>
    /// <exception cref="EdgeException">It can't be read.</exception>
    public T Read<T>(Func<ReviewFile, T> read, T none)
    {
        lock (gate) return file is null && !File.Exists(Path.Combine(Path.GetFullPath(options.Path), ReviewFile.Name)) ? none : read(Writer());
    }

    private ReviewFile Writer()
    {
        if (file is not null) return file;
        ReviewFile opened = ReviewFile.OpenForWriting(Path.GetFullPath(options.Path));
        foreach (Review last in opened.OfPictures()) pictures.Place(last);
        return file = opened;
    }

    private (Review Review, byte[]? Png) Read(ReviewRequest request, string by)
    {
        using JournalFile file = JournalFile.Open(journal);
        if (file.Entry(request.Entry, JournalKind.Part) is not { } entry) throw new EdgeException($"The journal has no part {request.Entry}, or not any more.");
        using JsonDocument record = JsonDocument.Parse(entry.Record);
        JsonElement part = record.RootElement;
        string job = Text("jobId") ?? throw new EdgeException($"Entry {request.Entry} has no jobId.");
        string? model = Text("model"), image = file.ImageOf(entry.Station, job, entry.Seq) is { } seq ? file.Entry(seq, JournalKind.Image)?.Record : null;
        byte[]? png = model is null || image is null ? null : ArchivedPicture.Read(archive, image, out _);
        string? sha = png is null ? null : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(png));
        if (sha is null) sha = Earlier(file.Id, entry.Seq)?.Picture;   // the archive's is gone, ours is not
        return (new Review(0, time.GetUtcNow(), by, file.Id, entry.Seq, entry.Station, job, Text("partId"), Text("verdict") ?? "", Number("score"), Number("threshold"), model, (int?)Number("version"),
            request.Judgement, request.Defect, request.Note, sha), png);

        string? Text(string name) => part.TryGetProperty(name, out JsonElement v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;
        double? Number(string name) => part.TryGetProperty(name, out JsonElement v) && v.ValueKind == JsonValueKind.Number ? v.GetDouble() : null;
    }

    private Review? Earlier(string id, long entry) => Writer().Between(id, entry, entry).GetValueOrDefault(entry);

    public void Dispose()
    {
        lock (gate) file?.Dispose();
    }
}
