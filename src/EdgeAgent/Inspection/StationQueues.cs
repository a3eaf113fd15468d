using Edge.Agent.Capture;

namespace Edge.Agent.Inspection;

/// <summary>
/// What runs between a station's threads. A part is admitted by giving it a frame of the pool, so the pool bounds everything
/// behind it and neither queue can be full.
/// </summary>
internal sealed class StationQueues
{
    public StationQueues(int capacity)
    {
        (Capacity, Pool, Triggers, Frames) = (capacity, new(capacity), new(capacity), new(capacity));
        for (int i = 0; i < capacity; i++) Pool.TryAdd(new Frame());
    }

    public int Capacity { get; }

    /// <summary>Frames nobody holds.</summary>
    public Handover<Frame> Pool { get; }

    /// <summary>Admitted parts that wait for the camera.</summary>
    public Handover<Job> Triggers { get; }

    /// <summary>Parts with a frame that wait for the model.</summary>
    public Handover<Job> Frames { get; }

    /// <summary>Closes what a loop that failed or hangs has left behind.</summary>
    public void CloseWaiting(Ledger ledger)
    {
        while (Triggers.TryTake(out Job? job) || Frames.TryTake(out job)) ledger.Close(job, Reason.Shutdown);
    }

    /// <summary>Takes the frame from a job that is done with it.</summary>
    public void Release(Job job)
    {
        if (job.Frame is not { } frame) return;
        job.Frame = null;
        Pool.TryAdd(frame);
    }
}
