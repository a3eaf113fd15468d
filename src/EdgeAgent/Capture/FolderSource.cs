using Edge.Imaging;

namespace Edge.Agent.Capture;

/// <summary>
/// Pictures of a folder in name order, then new ones as they come. The folder is listed, not watched by inotify: that works
/// on network shares and misses nothing.
/// </summary>
internal sealed class FolderSource(string path, bool watch, bool loop, TimeProvider time) : IFrameSource
{
    /// <summary>Shortest time between two listings. A new file is read when it has kept its size and time from one to the next.</summary>
    private static readonly TimeSpan ListingPause = TimeSpan.FromMilliseconds(50);

    /// <summary>A listing that takes long is made less often, so that it costs at most a tenth of a core.</summary>
    private const int PausePerListingTime = 9;

    /// <summary>A file that can't be decoded may still be being written, until it has not changed for so long.</summary>
    private static readonly TimeSpan GivenUpAfter = TimeSpan.FromSeconds(2);

    private readonly record struct Version(long Length, DateTime Written);

    private readonly string folder = Path.GetFullPath(path);
    private readonly List<string> ready = [];                       // names to read, in order
    private readonly Dictionary<string, Version> taken = [];        // this one and the next two by name; they forget files that are gone
    private Dictionary<string, Version> listed = [];
    private readonly Dictionary<string, (Version Version, long Since)> unfinished = [];
    private int next;
    private bool listedOnce;
    private long listedAt;
    private TimeSpan pause = ListingPause;

    /// <exception cref="EdgeException">The folder is not there.</exception>
    public void Open()
    {
        if (!Directory.Exists(folder)) throw new EdgeException($"There is no folder {folder}.");
    }

    public Grab Grab(Frame into, TimeSpan wait)
    {
        if (next >= ready.Count)
        {
            if (listedOnce && !watch && !loop) return Capture.Grab.Ended;
            // A loop that has just given all its pictures need not wait for new ones.
            TimeSpan early = listedOnce && !(loop && ready.Count > 0) ? pause - time.GetElapsedTime(listedAt) : TimeSpan.Zero;
            if (early > TimeSpan.Zero) Thread.Sleep(early < wait ? early : wait);
            if (early > wait) return Capture.Grab.Nothing;
            List();
            if (ready.Count == 0) return Capture.Grab.Nothing;
        }
        string name = ready[next++], file = Path.Combine(folder, name);
        into.Label = name;
        try
        {
            ImageFile.Read(file, into.Image);
            Take(name);
            return Capture.Grab.Frame;
        }
        catch (EdgeException)
        {
            if (!File.Exists(file) || (watch && StillBeingWritten(name, file))) return Capture.Grab.Nothing;
            Take(name);
            return Capture.Grab.Unreadable;
        }
    }

    private void List()
    {
        long start = time.GetTimestamp();
        Dictionary<string, Version> found = [];
        try
        {
            foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles())
                if (ImageFile.HasImageExtension(file.Name)) found[file.Name] = new Version(file.Length, file.LastWriteTimeUtc);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The folder {folder} cannot be listed: {e.Message}", e);
        }
        if (loop && found.Count > 0 && found.All(f => taken.GetValueOrDefault(f.Key) == f.Value)) taken.Clear();
        ready.Clear();
        next = 0;
        foreach ((string name, Version version) in found)
        {
            // What was there before the agent is complete; what comes later has to keep still from one listing to the next.
            bool still = !listedOnce || !watch || listed.GetValueOrDefault(name) == version;
            if (still && taken.GetValueOrDefault(name) != version) ready.Add(name);
        }
        ready.Sort(StringComparer.Ordinal);
        foreach (string name in taken.Keys.Concat(unfinished.Keys).Where(name => !found.ContainsKey(name)).ToArray())
        {
            taken.Remove(name);
            unfinished.Remove(name);
        }
        (listed, listedOnce, listedAt) = (found, true, time.GetTimestamp());
        TimeSpan share = PausePerListingTime * time.GetElapsedTime(start);
        pause = share > ListingPause ? share : ListingPause;
    }

    private bool StillBeingWritten(string name, string file)
    {
        FileInfo now = new(file);
        Version version = new(now.Length, now.LastWriteTimeUtc);
        if (!unfinished.TryGetValue(name, out var seen) || seen.Version != version)
        {
            unfinished[name] = (version, time.GetTimestamp());
            return true;
        }
        return time.GetElapsedTime(seen.Since) < GivenUpAfter;
    }

    private void Take(string name)
    {
        unfinished.Remove(name);
        taken[name] = listed[name];
    }

    public void Dispose() { }
}
