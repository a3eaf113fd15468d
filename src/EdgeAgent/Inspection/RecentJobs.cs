namespace Edge.Agent.Inspection;

/// <summary>
/// The newest decided jobs of a station, for whoever follows them: adding takes no lock, no memory and wakes nobody; a reader that is slow
/// misses some and knows how many. Any thread may add and read.
/// </summary>
internal sealed class RecentJobs
{
    public const int Kept = 256;

    private readonly Job?[] ring = new Job?[Kept];
    private long count;

    /// <summary>Jobs that were ever added: the number of the newest.</summary>
    public long Count => Interlocked.Read(ref count);

    public void Add(Job job)
    {
        long number = Interlocked.Increment(ref count);
        job.Number = number;
        Volatile.Write(ref ring[number % Kept], job);
    }

    /// <summary>The next job after <paramref name="after"/>, whose number becomes it; null when there is none yet.</summary>
    /// <param name="missed">Grows by the jobs that were overwritten before they were read.</param>
    public Job? Next(ref long after, ref long missed)
    {
        while (after < Count)
        {
            long oldest = Count - Kept + 1;
            if (after + 1 < oldest)
            {
                missed += oldest - after - 1;
                after = oldest - 1;
            }
            Job? job = Volatile.Read(ref ring[(after + 1) % Kept]);
            if (job is null || job.Number < after + 1) return null;   // its writer has the number and is about to put it there
            if (job.Number > after + 1) continue;   // overwritten since the look at the count
            after++;
            return job;
        }
        return null;
    }
}
