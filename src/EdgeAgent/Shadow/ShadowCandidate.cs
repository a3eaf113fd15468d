using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Scoring;

namespace Edge.Agent.Shadow;

/// <summary>
/// A version that runs beside the deciding one, on a thread of its own at the lowest priority, which loads it and lets it see parts one at a time. Whatever
/// goes wrong with it ends it, and nothing else.
/// </summary>
/// <param name="load">On its thread, so that the threads of its session have its priority: it must be nobody else's session.</param>
/// <param name="judged">On its thread, after each part: its score, verdict and ticks.</param>
/// <param name="changed">From its thread: it is loaded, or has failed.</param>
internal sealed class ShadowCandidate(
    string station, Recipe recipe, int version, Func<CancellationToken, LoadedModel> load, Action<ShadowPart, LoadedModel, float, Verdict, long> judged, Action changed, TimeProvider time) : IDisposable
{
    /// <summary>So often it looks for a part: nobody on the line's time has to wake it.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LoadedModel? model;
    private ShadowPart? free, waiting;   // one part in all, in one place at a time; handed over without a lock
    private Thread? thread;
    private string? failure;
    private long since;   // timestamp of the part that it has; 0 = none

    public Recipe Recipe => recipe;
    public int Version => version;

    /// <summary>It proved itself, or the exception that says why not.</summary>
    public Task Loaded => loaded.Task;

    /// <summary>Null until it proved itself.</summary>
    public LoadedModel? Model => Volatile.Read(ref model);

    /// <summary>Why it ended by itself; null while it lives.</summary>
    public string? Failure => Volatile.Read(ref failure);

    /// <summary>Its graph failed, or would again.</summary>
    public bool ForGood { get; private set; }

    public void Start()
    {
        thread = new Thread(Run) { IsBackground = true, Name = $"{station} shadow" };
        thread.Start();
    }

    /// <summary>On the inspection thread, after the verdict is out. Neither waits nor allocates; copies only when the candidate is free.</summary>
    /// <returns>False when it was busy; null when the part is not for it.</returns>
    public bool? Offer(Job job, LoadedModel running, in Inspection.Inspection seen)
    {
        if (Model is not { } mine || running.Name != mine.Name || running.Version == version || running.Recipe.Name != recipe.Name) return null;
        if (Interlocked.Exchange(ref free, null) is not { } part) return false;
        part.Fill(job, running, seen, running.Manifest.Input == mine.Manifest.Input);
        Volatile.Write(ref waiting, part);
        return true;
    }

    /// <summary>Ends it when it has had one part for longer than <paramref name="limit"/>. A native call that does not even look at the request keeps its thread.</summary>
    public void CheckStall(TimeSpan limit)
    {
        long at = Interlocked.Read(ref since);
        if (at == 0 || time.GetElapsedTime(at) < limit) return;
        Fail($"it did not answer for one part within {limit.TotalSeconds} seconds", forGood: true);
        Model?.Detector.Abort();
    }

    /// <summary>It gets no more parts, and ends as soon as it can.</summary>
    public void Dispose()
    {
        stop.Cancel();   // it holds no timer: there is nothing to dispose of
        Model?.Detector.Abort();
    }

    /// <summary>False when it did not end in time.</summary>
    public bool Join(TimeSpan patience) => thread?.Join(patience) ?? true;

    private void Run()
    {
        LowestPriority.OfThisThread();
        try
        {
            using LoadedModel mine = load(stop.Token);
            Volatile.Write(ref model, mine);
            Volatile.Write(ref free, new ShadowPart());
            loaded.SetResult();
            changed();
            while (!stop.IsCancellationRequested && Failure is null)
            {
                if (Interlocked.Exchange(ref waiting, null) is { } part) Judge(part, mine);
                else Thread.Sleep(Look);
            }
        }
        catch (Exception e)
        {
            // Also what nobody expects of it: it is a guest.
            if (!stop.IsCancellationRequested) Fail(e.Message, forGood: Model is not null || e is ModelProofException);
            loaded.TrySetException(e);
            _ = loaded.Task.Exception;   // seen: nobody may be waiting
        }
        if (Failure is not null) changed();
    }

    private void Judge(ShadowPart part, LoadedModel mine)
    {
        long start = time.GetTimestamp();
        Interlocked.Exchange(ref since, start);
        part.Present(mine);
        float score = mine.Detector.Run();
        long took = time.GetTimestamp() - start;
        Interlocked.Exchange(ref since, 0);
        if (stop.IsCancellationRequested || Failure is not null) return;
        Verdict verdict = mine.Calibration.Decide(score);
        if (verdict == Verdict.Uninspected) throw new ModelProofException($"its score of part {part.Job!.Id} is {score}");
        judged(part, mine, score, verdict, took);
        Volatile.Write(ref free, part);
    }

    private void Fail(string why, bool forGood)
    {
        ForGood |= forGood;
        Interlocked.CompareExchange(ref failure, why, null);
    }
}
