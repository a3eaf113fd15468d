using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Edge.Agent.Web.Access;

/// <summary>Who has logged in, for the length of a shift. In memory: a restart asks again.</summary>
internal sealed class Sessions(TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private const int Most = 1000;

    private readonly ConcurrentDictionary<string, (string Name, DateTimeOffset Ends)> open = new(StringComparer.Ordinal);

    /// <returns>What the browser's cookie holds: 256 random bits.</returns>
    public string Begin(string name)
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach ((string old, (_, DateTimeOffset ends)) in open) if (ends <= now) open.TryRemove(old, out _);
        if (open.Count >= Most) open.TryRemove(open.MinBy(s => s.Value.Ends).Key, out _);
        string session = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        open[session] = (name, now + Lifetime);
        return session;
    }

    public string? NameOf(string? session) => session is not null && open.TryGetValue(session, out (string Name, DateTimeOffset Ends) s) && s.Ends > time.GetUtcNow() ? s.Name : null;

    public void End(string? session)
    {
        if (session is not null) open.TryRemove(session, out _);
    }
}
