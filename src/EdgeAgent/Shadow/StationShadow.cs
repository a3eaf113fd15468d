using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Packages;

namespace Edge.Agent.Shadow;

/// <summary>
/// Follows <c>models/&lt;name&gt;/shadow</c> of the current recipe: the version in it sees the same parts as the running one, when it is free, and decides
/// nothing. What it would have said is counted and written beside the versions. One that fails in any way is stopped and refused.
/// </summary>
internal sealed partial class StationShadow(
    ShadowOptions options, string station, PackageStore store, ModelLoader loader, RecipeBook recipes, ModelWatcher watcher, TimeProvider time, ILogger log) : IDisposable
{
    private const string Role = Activation.Shadow;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1), WriteEvery = TimeSpan.FromSeconds(5), Patience = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly RefusedVersion refused = new(time);
    private readonly ShadowBooks books = new(station, store, time, log);
    private volatile ModelStatus status = new(ModelState.None, null, null);
    private volatile ShadowCandidate? candidate;
    private long refusals;

    /// <summary>Of the candidate.</summary>
    public ModelStatus Status => status;

    public ShadowBooks Books => books;

    /// <summary>Of the last comparison; null = no part yet.</summary>
    public ShadowReport? Report => books.Report;

    public ShadowView View => new(station, recipes.Current.Model, Status.State.Wire(), Status.Aspired, Status.Refusal, Report);

    /// <summary>Candidates that were refused.</summary>
    public long Refusals => Interlocked.Read(ref refusals);

    /// <summary>Raised when <see cref="Status"/> has changed.</summary>
    public event Action? Changed;

    /// <summary>What the journal is to know.</summary>
    public event Action<ModelEvent>? Happened;

    /// <summary>A part that the running model has scored and whose verdict is out; on the inspection thread.</summary>
    public void Offer(Job job, LoadedModel running, in Inspection.Inspection inspected)
    {
        if (candidate is { } c && c.Offer(job, running, inspected) is false) books.Miss();
    }

    public async Task RunAsync(CancellationToken stop)
    {
        using PeriodicTimer timer = new(Period, time);
        try
        {
            do
            {
                Check();
                books.Write(WriteEvery);
            }
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false));
        }
        finally
        {
            await Task.Run(Dispose, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>A version proves itself, is named in <c>shadow</c>, and then sees the parts that come.</summary>
    /// <param name="version">Null = the shadow ends.</param>
    /// <exception cref="Exception">It does not; nothing has changed.</exception>
    public void Order(int? version, string by, string? why)
    {
        Recipe recipe = recipes.Current;
        if (version is not { } number)
        {
            lock (gate) store.SetShadow(recipe.Model, null, by, why);
            Check();
            return;
        }
        ShadowCandidate next = Start(recipe, number, new Activation(time.GetUtcNow(), candidate?.Version, number, by, why, Role));
        try
        {
            next.Loaded.GetAwaiter().GetResult();
            lock (gate)
            {
                store.SetShadow(recipe.Model, number, by, why);
                End("another one takes its place");
                candidate = next;
                Follow(number);
            }
        }
        catch
        {
            next.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        ShadowCandidate? last;
        lock (gate)
        {
            last = candidate;
            candidate = null;
        }
        last?.Dispose();
        if (last?.Join(Patience) == false) LogHangs(last.Version);
        books.Write(TimeSpan.Zero);
    }

    private ShadowCandidate Start(Recipe recipe, int version, Activation? order)
    {
        ShadowCandidate started = new(station, recipe, version, cancel => loader.Load(recipe, version, cancel, Role, order, shared: false), books.Add, Check, time);
        started.Start();
        return started;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the shadow, version {Version}, hangs in its graph; its thread is left behind")]
    private partial void LogHangs(int version);
}
