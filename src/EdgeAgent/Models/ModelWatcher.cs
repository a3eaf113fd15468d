using Edge.Agent.Inspection;
using Edge.Packages;

namespace Edge.Agent.Models;

/// <summary>
/// Follows <c>models/&lt;name&gt;/current</c> of the current recipe, and <c>canary</c> where it names this station. A version is loaded and proves itself beside
/// the running one, and is only then offered. Nothing here ever takes a model away.
/// </summary>
/// <param name="station">Its name in the configuration.</param>
internal sealed partial class ModelWatcher(string station, PackageStore store, ModelLoader loader, RecipeBook recipes, ModelSlot slot, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly RefusedVersion refused = new(time);
    private readonly string canaryHere = Activation.CanaryAt(station);
    private volatile ModelStatus status = new(ModelState.None, null, null);
    private volatile int offered;   // 0 = none
    private CancellationToken stopping;
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

    private void Check()
    {
        Recipe recipe = recipes.Current;
        string name = recipe.Model;
        Aspiration aspired = default;
        string what = "";
        try
        {
            aspired = Aspiration.Of(store, name, station);
            if (aspired.Version is not { } version) return;   // an empty or missing folder never unloads
            if (version == offered)
            {
                refused.Forget();
                Set(new ModelStatus(ModelState.Running, version, null, aspired.Canary));
                return;
            }
            what = loader.Fingerprint(name, version, aspired.File);
            if (refused.Holds(what)) return;
            // A canary that ended is why current comes back.
            Activation? ended = status.Canary && !aspired.Canary ? loader.Ordered(name, 0, canaryHere) : null;
            if (!refused.Is(what)) Set(new ModelStatus(ModelState.Loading, version, null, aspired.Canary));
            Offer(version, loader.Load(recipe, version, stopping, aspired.Canary ? canaryHere : null, ended));
            Set(new ModelStatus(ModelState.Running, version, null, aspired.Canary));
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            // Whatever is wrong with a candidate, what runs stays.
            if (!refused.Remember(what, e.Message, e is ModelProofException)) return;
            Interlocked.Increment(ref refusals);
            LogRefused(name, aspired.Version, e.Message, e is EdgeException ? null : e);
            Set(new ModelStatus(ModelState.Refused, aspired.Version, e.Message, aspired.Canary));
        }
    }

    /// <param name="model">Null = what was offered last stays.</param>
    private void Offer(int version, LoadedModel? model)
    {
        offered = version;
        refused.Forget();
        if (model is not null) slot.Offer(model);
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
