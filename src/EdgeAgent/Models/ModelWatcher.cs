using Edge.Packages;
using Edge.Scoring;

namespace Edge.Agent.Models;

/// <summary>
/// Follows <c>models/&lt;name&gt;/current</c>. A version is verified, loaded, warmed up and checked on its golden images here,
/// beside the running one, and only then offered. Nothing here ever takes a model away.
/// </summary>
internal sealed partial class ModelWatcher(PackageStore store, string name, DetectorOptions options, ModelSlot slot, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>A refused version is looked at again: the reason may have been the disk or the network.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private volatile ModelStatus status = new(ModelState.None, null, null);
    private int? offered;
    private (string What, long At)? refused;
    private long refusals;

    public ModelStatus Status => status;
    public long Refusals => Interlocked.Read(ref refusals);

    /// <summary>Raised when <see cref="Status"/> has changed, and when a model was offered.</summary>
    public event Action? Changed;

    public async Task RunAsync(CancellationToken stop)
    {
        using PeriodicTimer timer = new(Period, time);
        do
        {
            Check();
        }
        while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false));
    }

    private void Check()
    {
        int? aspired = null;
        string what = "";
        try
        {
            aspired = store.Current(name);
            if (aspired is not { } version) return;   // an empty or missing folder never unloads
            if (version == offered)
            {
                refused = null;
                Set(new ModelStatus(ModelState.Running, version, null));
                return;
            }
            what = Describe(version);
            if (refused is { } before && before.What == what && time.GetElapsedTime(before.At) < RetryAfter) return;
            if (refused?.What != what) Set(new ModelStatus(ModelState.Loading, version, null));
            slot.Offer(Load(version));
            (offered, refused) = (version, null);
            Set(new ModelStatus(ModelState.Running, version, null));
        }
        catch (Exception e)
        {
            // Whatever is wrong with a candidate, what runs stays.
            bool again = refused?.What == what && status.Refusal == e.Message;
            refused = (what, time.GetTimestamp());
            if (again) return;
            Interlocked.Increment(ref refusals);
            LogRefused(name, aspired, e.Message, e is EdgeException ? null : e);
            Set(new ModelStatus(ModelState.Refused, aspired, e.Message));
        }
    }

    private LoadedModel Load(int version)
    {
        Package package = store.Open(name, version);
        AnomalyDetector detector = AnomalyDetector.Load(package, options);
        try
        {
            detector.Run();   // the first run allocates and plans: not on a part's time
            detector.CheckGolden(package);
            return new LoadedModel(package, detector, time.GetUtcNow());
        }
        catch
        {
            detector.Dispose();
            throw;
        }
    }

    /// <summary>Changes when the version, one of its files or <c>current</c> is written again.</summary>
    private string Describe(int version)
    {
        DirectoryInfo folder = new(store.FolderOf(name, version));
        long current = File.GetLastWriteTimeUtc(Path.Combine(store.Root, name, "current")).Ticks;
        IEnumerable<string> files = folder.Exists
            ? folder.EnumerateFiles("*", SearchOption.AllDirectories).Select(f => $"{f.FullName}:{f.Length}:{f.LastWriteTimeUtc.Ticks}").Order(StringComparer.Ordinal)
            : [];
        return $"{version}:{current}\n{string.Join('\n', files)}";
    }

    private void Set(ModelStatus now)
    {
        if (status == now) return;
        status = now;
        Changed?.Invoke();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "model {Name} version {Version} is refused, what runs stays: {Why}")]
    private partial void LogRefused(string name, int? version, string why, Exception? e);
}
