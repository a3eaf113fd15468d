namespace Edge.Agent.Models;

/// <summary>
/// The version that was refused last: looked at again when one of its files changes, or after a while, as the reason may have been the disk or the network.
/// Not one whose graph failed: it would again.
/// </summary>
internal sealed class RefusedVersion(TimeProvider time)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private (string Fingerprint, string Why, long At, bool ForGood)? refused;

    /// <summary>It is not to be tried now.</summary>
    public bool Holds(string fingerprint) => Is(fingerprint) && (refused!.Value.ForGood || time.GetElapsedTime(refused.Value.At) < RetryAfter);

    public bool Is(string fingerprint) => refused?.Fingerprint == fingerprint;

    /// <returns>False when it was refused for the same reason before.</returns>
    public bool Remember(string fingerprint, string why, bool forGood)
    {
        bool again = Is(fingerprint) && refused!.Value.Why == why;
        refused = (fingerprint, why, time.GetTimestamp(), forGood);
        return !again;
    }

    public void Forget() => refused = null;
}
