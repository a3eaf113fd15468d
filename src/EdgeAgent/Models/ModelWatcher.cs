using Edge.Agent.Inspection;
using Edge.Packages;
using Edge.Scoring;

namespace Edge.Agent.Models;

/// <summary>
/// Follows <c>models/&lt;name&gt;/current</c> of the current recipe. A version is verified, proves itself in a process of its own, is loaded, warmed up
/// and checked on its golden images here, beside the running one, and only then offered. Nothing here ever takes a model away.
/// </summary>
internal sealed partial class ModelWatcher(PackageStore store, ModelProof proof, RecipeBook recipes, DetectorOptions options, ModelSlot slot, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>A refused version is looked at again: the reason may have been the disk or the network. Not one whose graph failed: it would again.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private volatile ModelStatus status = new(ModelState.None, null, null);
    private volatile int offered;   // 0 = none
    private CancellationToken stopping;
    private (string What, long At, bool ForGood)? refused;
    private long refusals, withdrawals;

    public ModelStatus Status => status;

    /// <summary>What the next part is.</summary>
    public Recipe Recipe => recipes.Current;
    public long Refusals => Interlocked.Read(ref refusals);

    /// <summary>Versions that did not pass their probation.</summary>
    public long Withdrawals => Interlocked.Read(ref withdrawals);

    /// <summary>The version that the next part is inspected with; null when there is none.</summary>
    public int? Offered => offered is var version and > 0 ? version : null;   // no lock: a proof may hold it for a minute

    /// <summary>Raised when <see cref="Status"/> has changed, and when a model was offered.</summary>
    public event Action? Changed;

    public async Task RunAsync(CancellationToken stop)
    {
        stopping = stop;
        using PeriodicTimer timer = new(Period, time);
        do
        {
            lock (gate) Check();
        }
        while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false));
    }

    /// <summary>The next recipe's model proves itself beside the running one; parts that are triggered after this call are its.</summary>
    /// <exception cref="Exception">It does not; nothing has changed.</exception>
    public void Change(Recipe next)
    {
        lock (gate)
        {
            if (next.Name == recipes.Current.Name && offered > 0) return;
            int version = store.Current(next.Model) ?? throw new EdgeException($"There is no model '{next.Model}'.");
            LoadedModel model = Load(next, version, options);
            try
            {
                recipes.Store(next);
            }
            catch
            {
                model.Dispose();
                throw;
            }
            (offered, refused) = (version, null);
            slot.Offer(model);
            recipes.Enter(next);
            Set(new ModelStatus(ModelState.Running, version, null));
            Changed?.Invoke();
        }
    }

    /// <summary>A version of the current recipe's model proves itself beside the running one, is named in <c>current</c>, and then runs.</summary>
    /// <exception cref="Exception">It does not; nothing has changed.</exception>
    public void Activate(int version, string by, string? why)
    {
        lock (gate)
        {
            Recipe recipe = recipes.Current;
            int? current = CurrentOrNone(recipe.Model);
            if (version == offered && version == current) return;
            Activation activation = new(time.GetUtcNow(), current, version, by, why);
            LoadedModel? model = version == offered ? null : Load(recipe, version, options, activation);
            try
            {
                store.SetCurrent(recipe.Model, version, by, why);
            }
            catch
            {
                model?.Dispose();
                throw;
            }
            (offered, refused) = (version, null);
            if (model is not null) slot.Offer(model);
            Set(new ModelStatus(ModelState.Running, version, null));
        }
    }

    /// <summary>The newest version before <c>current</c> that opens, as <see cref="Activate"/>.</summary>
    /// <exception cref="Exception">There is none, or it does not prove itself; nothing has changed.</exception>
    public void RollBack(string by, string? why)
    {
        lock (gate) Activate(store.OpenPrevious(recipes.Current.Model, LogPassedOver).Manifest.Version, by, why ?? "roll back");
    }

    /// <summary>A version did not pass its probation: the one before proves itself again and takes over. Never throws.</summary>
    public void Withdraw(int version, int from, string by, string why)
    {
        lock (gate)
        {
            if (offered != version) return;   // somebody was faster
            Recipe recipe = recipes.Current;
            LogWithdrawn(recipe.Model, version, from, why);
            try
            {
                slot.Offer(Load(recipe, from, options, new Activation(time.GetUtcNow(), version, from, by, why)));
            }
            catch (Exception e)
            {
                LogNoWayBack(recipe.Model, from, version, e.Message);
                return;
            }
            offered = from;
            Interlocked.Increment(ref withdrawals);
            try
            {
                store.SetCurrent(recipe.Model, from, by, why);
                refused = null;
                Set(new ModelStatus(ModelState.Running, from, null));
            }
            catch (EdgeException e)
            {
                // It stays away from this station until somebody names a version again.
                refused = (Describe(recipe.Model, version), time.GetTimestamp(), ForGood: true);
                Set(new ModelStatus(ModelState.Refused, version, $"{why}. {e.Message}"));
            }
        }
    }

    /// <summary>Reads what should run from the disk once more: hashes, load, golden images, in a session of its own.</summary>
    /// <exception cref="Exception">It does not prove itself again.</exception>
    public void SelfTest()
    {
        lock (gate) Load(recipes.Current, Offered ?? throw new EdgeException("No model runs."), options with { Shared = false }).Dispose();
    }

    private void Check()
    {
        Recipe recipe = recipes.Current;
        string name = recipe.Model;
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
            what = Describe(name, version);
            if (refused is { } before && before.What == what && (before.ForGood || time.GetElapsedTime(before.At) < RetryAfter)) return;
            if (refused?.What != what) Set(new ModelStatus(ModelState.Loading, version, null));
            slot.Offer(Load(recipe, version, options));
            (offered, refused) = (version, null);
            Set(new ModelStatus(ModelState.Running, version, null));
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            // Whatever is wrong with a candidate, what runs stays.
            bool again = refused?.What == what && status.Refusal == e.Message;
            refused = (what, time.GetTimestamp(), e is ModelProofException);
            if (again) return;
            Interlocked.Increment(ref refusals);
            LogRefused(name, aspired, e.Message, e is EdgeException ? null : e);
            Set(new ModelStatus(ModelState.Refused, aspired, e.Message));
        }
    }

    private LoadedModel Load(Recipe recipe, int version, DetectorOptions options, Activation? activation = null)
    {
        Package package = store.Open(recipe.Model, version);
        proof.Require(package, options.Threads, stopping);
        AnomalyDetector detector = AnomalyDetector.Load(package, options);
        try
        {
            detector.Prove(package);
            return new LoadedModel(package, recipe, detector, time.GetUtcNow()) { Activation = activation ?? LastActivation(recipe.Model, version) };
        }
        catch
        {
            detector.Dispose();
            throw;
        }
    }

    private int? CurrentOrNone(string name)
    {
        try
        {
            return store.Current(name);
        }
        catch (EdgeException)
        {
            return null;   // about to be replaced
        }
    }

    /// <summary>A history that can't be read refuses no model.</summary>
    private Activation? LastActivation(string name, int version)
    {
        try
        {
            return store.History(name).LastOrDefault(a => a.To == version);
        }
        catch (EdgeException)
        {
            return null;
        }
    }

    /// <summary>Changes when the version, one of its files or <c>current</c> is written again.</summary>
    private string Describe(string name, int version)
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

    [LoggerMessage(Level = LogLevel.Error, Message = "model {Name} version {Version} is withdrawn, version {From} runs again: {Why}")]
    private partial void LogWithdrawn(string name, int version, int from, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "model {Name} version {From} cannot come back, {Version} stays: {Why}")]
    private partial void LogNoWayBack(string name, int from, int version, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "roll back: {Passed}")]
    private partial void LogPassedOver(string passed);

    [LoggerMessage(Level = LogLevel.Error, Message = "model {Name} version {Version} is refused, what runs stays: {Why}")]
    private partial void LogRefused(string name, int? version, string why, Exception? e);
}
