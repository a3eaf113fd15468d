using System.Threading.Channels;
using Edge.Scoring;

namespace Edge.Agent.Inspection;

/// <summary>
/// The station's books: every trigger is opened once, closed once and published once, so that
/// triggers = accept + reject + review + uninspected(reason). Thread-safe.
/// </summary>
internal sealed class Ledger
{
    private static readonly int Verdicts = Enum.GetValues<Verdict>().Length, Reasons = Enum.GetValues<Reason>().Length;

    private readonly TimeProvider time;
    private readonly Action<Job, InspectionResult>? decided;
    private readonly Channel<Job> outbox;
    private readonly long[] verdicts = new long[Verdicts * Reasons];
    private long triggers, lost;
    private Job? last;

    /// <param name="capacity">Verdicts that wait to be published; when it is full the oldest is lost and counted.</param>
    /// <param name="decided">Told every result, the one that came too late for its job included; must not block.</param>
    public Ledger(int capacity, TimeProvider time, Action<Job, InspectionResult>? decided = null)
    {
        (this.time, this.decided) = (time, decided);
        outbox = Channel.CreateBounded<Job>(
            new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Interlocked.Increment(ref lost));
    }

    /// <summary>Null: parts are of no recipe.</summary>
    public RecipeBook? Recipes { get; init; }

    /// <summary>What is made now.</summary>
    public Recipe Now => Recipes?.Current ?? Recipe.None;

    /// <summary>Decided jobs in the order of their verdicts.</summary>
    public ChannelReader<Job> Outbox => outbox.Reader;

    public long Triggers => Interlocked.Read(ref triggers);
    public long Lost => Interlocked.Read(ref lost);

    /// <summary>The newest decided jobs.</summary>
    public RecentJobs Recent { get; } = new();

    /// <summary>The last decided job.</summary>
    public Job? Last => Volatile.Read(ref last);

    public long Count(Verdict verdict, Reason reason) => Interlocked.Read(ref verdicts[(int)verdict * Reasons + (int)reason]);

    public long Count(Verdict verdict)
    {
        long sum = 0;
        for (int reason = 0; reason < Reasons; reason++) sum += Count(verdict, (Reason)reason);
        return sum;
    }

    /// <summary>Parts that wait for their verdict now. Verdicts are read first, so that it never shows less than nothing.</summary>
    public long Awaiting
    {
        get
        {
            long decided = 0;
            for (int i = 0; i < verdicts.Length; i++) decided += Interlocked.Read(ref verdicts[i]);
            return Triggers - decided;
        }
    }

    /// <summary>A part is there. From here on it gets a verdict, at its deadline at the latest.</summary>
    /// <param name="recipe">As the trigger names it; null = what is made now.</param>
    /// <param name="deadline">Null = the recipe's, or the station's.</param>
    /// <param name="made">What was made when its picture was taken; null = what is made now.</param>
    public Job Open(string id, string? partId, string? recipe, TimeSpan? deadline, long receivedAt, Recipe? made = null)
    {
        Recipe now = made ?? Now;
        Job job = new(id, partId, recipe ?? now.Name, deadline ?? now.Deadline, receivedAt) { Setup = now };
        Interlocked.Increment(ref triggers);
        if (job.Deadline is { } limit) StartTimer(job, limit - time.GetElapsedTime(receivedAt));
        return job;
    }

    private void StartTimer(Job job, TimeSpan left) =>
        job.DeadlineTimer = time.CreateTimer(_ => Expire(job), null, left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);

    private void Expire(Job job)
    {
        // Timers follow a coarse clock and may fire a few milliseconds early, when the verdict could still be in time.
        TimeSpan left = job.Deadline!.Value - time.GetElapsedTime(job.ReceivedAt);
        if (left > TimeSpan.Zero && job.DeadlineTimer is { } timer)
            timer.Change(left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        else
            Close(job, Reason.Deadline);
    }

    /// <summary>Closes a part that nobody inspected.</summary>
    public bool Close(Job job, Reason reason)
    {
        long now = time.GetTimestamp();
        return Close(job, new InspectionResult { Verdict = Verdict.Uninspected, Reason = reason, Times = new StageTimes(now - job.ReceivedAt, 0, 0, 0), DecidedAt = now });
    }

    /// <summary>Closes a part; false when it was closed before (the deadline was faster), and nothing is counted.</summary>
    public bool Close(Job job, InspectionResult result)
    {
        bool first = job.TryDecide(result);
        if (first)
        {
            job.DeadlineTimer?.Dispose();
            Interlocked.Increment(ref verdicts[(int)result.Verdict * Reasons + (int)result.Reason]);
            Volatile.Write(ref last, job);
            Recent.Add(job);
            Publish(job);
        }
        if (first || result.Reason == Reason.None) decided?.Invoke(job, result);
        return first;
    }

    /// <summary>Hands a decided job to the publisher, again when its trigger came again.</summary>
    public void Publish(Job job)
    {
        if (!outbox.Writer.TryWrite(job)) CountLost();   // only after Complete
    }

    /// <summary>A verdict was given up by its publisher.</summary>
    public void CountLost() => Interlocked.Increment(ref lost);

    /// <summary>No more verdicts will come.</summary>
    public void Complete() => outbox.Writer.TryComplete();
}
