using Edge.Agent.Capture;
using Edge.Agent.Messaging;

namespace Edge.Agent.Inspection;

/// <summary>
/// Where MQTT triggers become parts: the same jobId is one part, and a part that can't be inspected now hears so at once.
/// Remembers the newest <see cref="Remembered"/> jobs, those of an earlier run included.
/// </summary>
internal sealed class TriggerIntake(StateFile pause, TimeSpan debounce, Camera camera, Ledger ledger, StationQueues queues, TimeProvider time, CancellationToken stop)
{
    /// <summary>More than can be in flight (QueueCapacity is at most 1024).</summary>
    public const int Remembered = 4096;

    private readonly Dictionary<string, Job> jobs = [];
    private readonly Queue<string> order = new();
    private long duplicates;
    private long? taken;   // timestamp of the last trigger that became a part to inspect
    private volatile bool paused = pause.Read() is not null;

    public long Duplicates => Interlocked.Read(ref duplicates);

    /// <summary>Parts are answered and not inspected. Whoever works at the station is not surprised by an agent that starts again: it goes on so.</summary>
    public bool Paused => paused;

    /// <exception cref="EdgeException">It can't be kept on the disk; nothing has changed.</exception>
    public void Pause(bool on)
    {
        pause.Write(on ? "paused" : null);
        paused = on;
    }

    /// <summary>Jobs of an earlier run, oldest first; before any trigger comes.</summary>
    public void Recall(IEnumerable<Job> past)
    {
        lock (jobs)
        {
            foreach (Job job in past)
                if (!jobs.ContainsKey(job.Id)) Remember(job);
        }
    }

    /// <param name="again">The broker has sent it before, to a connection that broke: nobody knows how long ago.</param>
    public Job Accept(Trigger trigger, bool again = false)
    {
        lock (jobs)   // after a reconnect two receiving tasks may overlap for a moment; and CloseStalled must miss nobody
        {
            if (jobs.TryGetValue(trigger.JobId, out Job? known))
            {
                Interlocked.Increment(ref duplicates);
                if (known.Result is not null || known.Stored is not null) ledger.Publish(known);
                return known;
            }
            Job job = ledger.Open(trigger.JobId, trigger.PartId, trigger.Recipe, trigger.DeadlineMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null, time.GetTimestamp());
            Remember(job);
            // The part may have left; the next one may stand there.
            if (again) ledger.Close(job, Reason.Interrupted);
            else Admit(job);
            return job;
        }
    }

    private void Admit(Job job)
    {
        if (stop.IsCancellationRequested) ledger.Close(job, Reason.Shutdown);
        else if (paused) ledger.Close(job, Reason.Paused);
        else if (job.Setup.Name is { } made && job.Recipe != made) ledger.Close(job, Reason.Recipe);
        else if (taken is { } before && time.GetElapsedTime(before, job.ReceivedAt) < debounce) ledger.Close(job, Reason.Debounced);
        else if (camera.State != CameraState.Online) ledger.Close(job, Reason.Camera);
        else if (!queues.Pool.TryTake(out Frame? frame)) ledger.Close(job, Reason.Overload);
        else
        {
            job.Frame = frame;
            taken = job.ReceivedAt;
            if (queues.Triggers.TryAdd(job)) return;
            ledger.Close(job, Reason.Shutdown);
            queues.Release(job);
        }
    }

    /// <summary>The camera hangs: nobody may wait for it.</summary>
    public void CloseStalled()
    {
        lock (jobs)
        {
            while (queues.Triggers.TryTake(out Job? waiting))
            {
                ledger.Close(waiting, Reason.Camera);
                queues.Release(waiting);
            }
        }
    }

    private void Remember(Job job)
    {
        if (order.Count == Remembered) jobs.Remove(order.Dequeue());
        order.Enqueue(job.Id);
        jobs.Add(job.Id, job);
    }
}
