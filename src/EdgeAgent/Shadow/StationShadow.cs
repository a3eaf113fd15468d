using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Packages;
using Edge.Scoring;

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
    private static readonly int Verdicts = Enum.GetValues<Verdict>().Length;

    private readonly Lock gate = new();
    private readonly RefusedVersion refused = new(time);
    private readonly long[] seen = new long[Verdicts * Verdicts];
    private volatile ModelStatus status = new(ModelState.None, null, null);
    private volatile ShadowCandidate? candidate;
    private volatile ShadowTally? tally;
    private long missed, busyTicks, refusals, writtenAt, writtenParts;

    /// <summary>Of the candidate.</summary>
    public ModelStatus Status => status;

    /// <summary>Of the last comparison; null = no part yet.</summary>
    public ShadowReport? Report => tally?.Report();

    public ShadowView View => new(station, recipes.Current.Model, Status.State.Wire(), Status.Aspired, Status.Refusal, Report);

    /// <summary>Parts that a candidate did not see because it was busy.</summary>
    public long Missed => Interlocked.Read(ref missed);

    /// <summary>Candidates that were refused.</summary>
    public long Refusals => Interlocked.Read(ref refusals);

    /// <summary>Candidates' time for all their parts.</summary>
    public TimeSpan Busy => time.GetElapsedTime(0, Interlocked.Read(ref busyTicks));

    /// <summary>Parts that both have seen, of all comparisons.</summary>
    public long Seen(Verdict running, Verdict shadow) => Interlocked.Read(ref seen[(int)running * Verdicts + (int)shadow]);

    /// <summary>Raised when <see cref="Status"/> has changed.</summary>
    public event Action? Changed;

    /// <summary>What the journal is to know.</summary>
    public event Action<ModelEvent>? Happened;

    /// <summary>A part that the running model has scored and whose verdict is out; on the inspection thread.</summary>
    public void Offer(Job job, LoadedModel running, in Inspection.Inspection inspected)
    {
        if (candidate is not { } c || c.Offer(job, running, inspected) is not false) return;
        Interlocked.Increment(ref missed);
        tally?.Miss();
    }

    public async Task RunAsync(CancellationToken stop)
    {
        using PeriodicTimer timer = new(Period, time);
        try
        {
            do
            {
                Check();
                lock (gate) Write(WriteEvery);
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
                Take(next);
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
        lock (gate) Write(TimeSpan.Zero);
    }

    private ShadowCandidate Start(Recipe recipe, int version, Activation? order)
    {
        ShadowCandidate started = new(station, recipe, version, cancel => loader.Load(recipe, version, cancel, Role, order, shared: false), Judged, Check, time);
        started.Start();
        return started;
    }

    /// <summary>On the candidate's thread.</summary>
    private void Judged(ShadowPart part, LoadedModel mine, float score, Verdict verdict, long took)
    {
        Manifest running = part.Running!;
        ShadowPair pair = new(station, mine.Recipe.Name, mine.Name, running.Version, mine.Version, running.Calibration.Threshold, mine.Calibration.Threshold);
        if (tally?.Pair != pair) tally = new ShadowTally(pair, Stored(mine.Name), time);
        tally!.Add(part, mine.Calibration, score, verdict, took);
        Interlocked.Increment(ref seen[(int)part.Verdict * Verdicts + (int)verdict]);
        Interlocked.Add(ref busyTicks, took);
    }

    /// <summary>What can't be read begins anew: it is worth no refusal.</summary>
    private ShadowReport? Stored(string model)
    {
        try
        {
            return ShadowFile.Read(ShadowFile.Of(store, model, station));
        }
        catch (EdgeException e)
        {
            LogUnread(e.Message);
            return null;
        }
    }

    /// <summary>A disk that is full costs the report, not the comparison.</summary>
    private void Write(TimeSpan every)
    {
        if (tally is not { } now || now.Parts == writtenParts || time.GetElapsedTime(writtenAt) < every) return;
        try
        {
            (writtenParts, writtenAt) = (now.Parts, time.GetTimestamp());
            ShadowFile.Write(ShadowFile.Of(store, now.Pair.Model, station), now.Report());
        }
        catch (EdgeException e)
        {
            LogUnwritten(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the shadow's earlier report is lost, it begins anew: {Why}")]
    private partial void LogUnread(string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the shadow's report is not on the disk: {Why}")]
    private partial void LogUnwritten(string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the shadow, version {Version}, hangs in its graph; its thread is left behind")]
    private partial void LogHangs(int version);
}
