using Edge.Agent.Capture;

namespace Edge.Agent.Inspection;

/// <summary>
/// One part on its way from trigger to verdict. The stage that holds the job may write to it; only <see cref="Result"/> is
/// written from anywhere (the deadline's timer too), and once.
/// </summary>
internal sealed class Job(string id, string? partId, string? recipe, TimeSpan? deadline, long receivedAt)
{
    private static readonly Action Settled = () => { };

    private InspectionResult? result;
    private Action? settled;
    private int safe;

    public string Id { get; } = id;
    public string? PartId { get; } = partId;
    public string? Recipe { get; } = recipe;

    /// <summary>What was made when the part came: only a model for it may inspect it.</summary>
    public Recipe Setup { get; init; } = global::Edge.Agent.Inspection.Recipe.None;

    /// <summary>From <see cref="ReceivedAt"/> to the verdict; null = no limit.</summary>
    public TimeSpan? Deadline { get; } = deadline;

    /// <summary>Timestamp of the trigger.</summary>
    public long ReceivedAt { get; } = receivedAt;

    /// <summary>Timestamps around the grab; 0 before.</summary>
    public long GrabStarted { get; set; }
    public long GrabEnded { get; set; }

    /// <summary>End of the exposure, UTC.</summary>
    public DateTimeOffset CapturedAt { get; set; }

    /// <summary>The frame this job holds from admission until it is inspected.</summary>
    public Frame? Frame { get; set; }

    public ITimer? DeadlineTimer { get; set; }

    /// <summary>Its place among the station's decided jobs, 1, 2, …; 0 before. Written by <see cref="RecentJobs"/>.</summary>
    public long Number { get; set; }

    /// <summary>Null until the part is decided.</summary>
    public InspectionResult? Result => Volatile.Read(ref result);

    /// <summary>The journal's record of a part that an earlier run of the agent decided; such a job has no <see cref="Result"/>. Else null.</summary>
    public string? Stored { get; init; }

    /// <summary>Does <paramref name="action"/> as soon as the broker has the verdict and the disk the record; now, if they have.</summary>
    public void WhenSettled(Action action)
    {
        while (true)
        {
            Action? before = Volatile.Read(ref settled);
            if (ReferenceEquals(before, Settled))
            {
                action();
                return;
            }
            if (Interlocked.CompareExchange(ref settled, before + action, before) == before) return;
        }
    }

    /// <summary>The record is on the disk, or never will be.</summary>
    public void MarkRecorded() => Mark(1);

    /// <summary>The broker has the verdict.</summary>
    public void MarkPublished() => Mark(2);

    private void Mark(int what)
    {
        if ((Interlocked.Or(ref safe, what) | what) == 3) Interlocked.Exchange(ref settled, Settled)?.Invoke();
    }

    /// <summary>True for the first decision; every later one is void.</summary>
    public bool TryDecide(InspectionResult decided) => Interlocked.CompareExchange(ref result, decided, null) is null;
}
