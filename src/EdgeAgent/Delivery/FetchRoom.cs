using Edge.Agent.Configuration;

namespace Edge.Agent.Delivery;

/// <summary>What a fetch has counted. Any thread.</summary>
internal sealed class FetchCounts
{
    private long bytes, resumes;

    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Times that a file went on where it had broken off.</summary>
    public long Resumes => Interlocked.Read(ref resumes);

    public void Add(long count) => Interlocked.Add(ref bytes, count);
    public void Resumed() => Interlocked.Increment(ref resumes);
}

/// <param name="Bytes">Of the version that are here.</param>
internal readonly record struct FetchProgress(string File, long Bytes, long Total);

/// <summary>How much may still come: of the version, and on the disk.</summary>
/// <param name="whole">Bytes of files that are here.</param>
internal sealed class FetchRoom(DeliveryOptions options, FetchCounts counts, string staging, OfferedVersion offered, long whole, IProgress<FetchProgress>? progress)
{
    public const long Megabyte = 1_000_000;

    private const long LookEvery = 8 * Megabyte;

    private long here, looked;   // here: of the file under way

    /// <param name="have">Bytes of the file that are here.</param>
    /// <param name="coming">Bytes that are announced; null = not known.</param>
    public void Begin(string path, long have, long? coming)
    {
        here = have;
        CheckDisk(coming ?? 0);
        Report(path);
    }

    /// <exception cref="DeliveryException">More comes than was offered, or the disk has no room.</exception>
    public void Add(string path, int bytes)
    {
        here += bytes;
        counts.Add(bytes);
        if (whole + here > offered.Bytes) throw new DeliveryException(DeliveryTrouble.Refused, $"{path}: more comes than the {offered.Bytes} bytes that were offered.");
        if (whole + here - looked >= LookEvery) CheckDisk(0);
        Report(path);
    }

    /// <summary>A file is here.</summary>
    public void Whole(string path, long bytes)
    {
        (whole, here) = (whole + bytes, 0);
        Report(path);
    }

    private void Report(string path) => progress?.Report(new FetchProgress(path, whole + here, offered.Bytes));

    private void CheckDisk(long coming)
    {
        looked = whole + here;
        long free = ModelsDisk.OnDisk(() => new DriveInfo(staging).AvailableFreeSpace);
        if (free - coming < options.FreeMegabytes * Megabyte)
            throw new DeliveryException(DeliveryTrouble.Disk, $"The disk of the models folder has {free / Megabyte} MB left; Edge:Delivery:FreeMegabytes keeps {options.FreeMegabytes} free. What has come stays, the rest waits for room.");
    }
}
