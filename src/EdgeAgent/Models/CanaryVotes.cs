using Edge.Packages;

namespace Edge.Agent.Models;

/// <summary>At which stations of this agent a canary has passed its probation. Any thread.</summary>
internal sealed class CanaryVotes
{
    private readonly Lock gate = new();
    private readonly HashSet<(string Model, int Version, string Station)> passed = [];

    /// <returns>True when it has passed at all of its stations.</returns>
    public bool Add(string model, Canary canary, string station)
    {
        lock (gate)
        {
            passed.Add((model, canary.Version, station));
            return canary.Stations.All(s => passed.Contains((model, canary.Version, s)));
        }
    }
}
