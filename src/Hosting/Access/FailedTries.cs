using System.Collections.Concurrent;
using System.Net;

namespace Edge.Hosting;

/// <summary>Slows down who guesses tokens: ten wrong ones a minute from one address.</summary>
internal sealed class FailedTries(TimeProvider time)
{
    private const int Allowed = 10, MostAddresses = 10_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<IPAddress, (int Count, DateTimeOffset Since)> tries = new();

    public bool TooMany(IPAddress from) => tries.TryGetValue(from, out (int Count, DateTimeOffset Since) t) && t.Count >= Allowed && time.GetUtcNow() - t.Since < Window;

    public void Add(IPAddress from)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (tries.Count >= MostAddresses) tries.Clear();
        tries.AddOrUpdate(from, (1, now), (_, t) => now - t.Since < Window ? (t.Count + 1, t.Since) : (1, now));
    }
}
