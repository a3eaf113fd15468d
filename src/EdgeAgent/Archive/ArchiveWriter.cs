using System.Security.Cryptography;
using System.Text.Json;
using Edge.Agent.Capture;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Agent.Journal;
using Edge.Imaging;
using Edge.Scoring;

namespace Edge.Agent.Archive;

/// <summary>
/// Pictures of parts, as they came from the camera, to the disk: a thread of its own, a short queue, and what does not fit in is dropped
/// and counted. Frames change hands, so the inspection copies nothing. Where each picture lies is an entry of the journal.
/// </summary>
internal sealed partial class ArchiveWriter(ArchiveOptions options, JournalWriter? journal, TimeProvider time, ILogger log)
{
    /// <summary>Pictures that wait, of all stations together.</summary>
    private const int Waiting = 8;

    private readonly Handover<ArchivePicture> queue = new(Waiting);
    private readonly ArchiveFolder folder = new(Path.GetFullPath(options.Path));
    private readonly Handover<Frame> free = Spares();
    private readonly Random random = new();
    private Thread? thread;
    private long written, dropped, failed, removed, bytes;
    private string? trouble;
    private DateOnly checkedDay;

    public long Written => Interlocked.Read(ref written);

    /// <summary>The thread was busy with others.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    /// <summary>The disk was full or away.</summary>
    public long Failed => Interlocked.Read(ref failed);

    public long Removed => Interlocked.Read(ref removed);
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Called by the inspection loop after the verdict is out. Takes the job's frame and gives it an empty one.</summary>
    /// <param name="calibration">Of the model that scored; null when none did.</param>
    public void Offer(string station, Job job, Calibration? calibration)
    {
        if (job.Frame is null || WhyKept(job.Result!, calibration) is not { } why) return;
        if (!free.TryTake(out Frame? spare))
        {
            Interlocked.Increment(ref dropped);
            return;
        }
        ArchivePicture picture = new(station, job, job.Frame, why);
        (job.Frame, spare.Label) = (spare, null);
        queue.TryAdd(picture);   // as many places as spares: it is never full
    }

    private string? WhyKept(InspectionResult result, Calibration? calibration)
    {
        if (result.Verdict != Verdict.Accept) return result.Reason == Reason.Shutdown ? null : result.Verdict.Wire();
        if (calibration is not null && result.Score >= calibration.Threshold - options.NearThreshold * (calibration.Threshold - calibration.Normals.Mean) && options.NearThreshold > 0) return "near-threshold";
        lock (random) return random.NextDouble() < options.AcceptedShare ? "sample" : null;
    }

    public void Start()
    {
        thread = new Thread(Run) { IsBackground = true, Name = "archive", Priority = ThreadPriority.BelowNormal };
        thread.Start();
    }

    /// <summary>Writes what waits, as long as patience lasts; a disk that hangs is left alone.</summary>
    public void Stop(TimeSpan patience)
    {
        queue.Complete();
        thread?.Join(patience);
    }

    private void Run()
    {
        while (!queue.Ended)
        {
            if (!queue.TryTake(out ArchivePicture? picture, TimeSpan.FromSeconds(1))) continue;
            try
            {
                Keep(picture);
                Interlocked.Increment(ref written);
                if (trouble is not null) LogRecovered(options.Path);
                trouble = null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or EdgeException or OpenCvSharp.OpenCVException)
            {
                Interlocked.Increment(ref failed);
                if (trouble is null) LogTrouble(options.Path, e.Message);
                trouble = e.Message;
            }
            finally
            {
                free.TryAdd(picture.Frame);
            }
        }
    }

    private void Keep(ArchivePicture picture)
    {
        MakeRoom();
        ImageBuffer image = picture.Frame.Image;
        byte[] png = ImageFile.Encode(".png", image.Pixels, image.Width, image.Height, image.Format);
        string relative = picture.RelativePath;
        folder.Write(relative, png);
        Interlocked.Exchange(ref bytes, folder.Bytes);
        ImageRecord record = new(picture.Job.Id, picture.Job.PartId, relative, picture.Why, image.Width, image.Height, png.Length, Convert.ToHexStringLower(SHA256.HashData(png)));
        journal?.Offer(picture.Station, Edge.Journal.JournalKind.Image, JsonSerializer.Serialize(record, ArchiveJson.Default.ImageRecord));
    }

    private void MakeRoom()
    {
        int gone = 0;
        DateOnly today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        if (today != checkedDay) gone += folder.RemoveBefore(today.AddDays(-options.KeepDays));
        checkedDay = today;
        long most = options.MaxMegabytes * 1_000_000L, leastFree = options.MinFreeMegabytes * 1_000_000L;
        if (folder.Bytes > most) gone += folder.RemoveUntil(() => folder.Bytes <= most * 0.95);   // not one by one: looking costs
        if (folder.Free < leastFree) gone += folder.RemoveUntil(() => folder.Free >= leastFree);
        Interlocked.Add(ref removed, gone);
        Interlocked.Exchange(ref bytes, folder.Bytes);
        if (folder.Free < leastFree) throw new EdgeException($"less than {options.MinFreeMegabytes} MB are free");
    }

    private static Handover<Frame> Spares()
    {
        Handover<Frame> spares = new(Waiting);
        for (int i = 0; i < Waiting; i++) spares.TryAdd(new Frame());
        return spares;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the archive {Path} can't be written, pictures are not kept: {Why}")]
    private partial void LogTrouble(string path, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "the archive {Path} is written again")]
    private partial void LogRecovered(string path);
}
