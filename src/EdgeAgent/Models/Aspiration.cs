using Edge.Packages;

namespace Edge.Agent.Models;

/// <summary>What the models folder wants a station to run.</summary>
/// <param name="Version">Null = nothing yet.</param>
/// <param name="Canary">This station before the others.</param>
internal readonly record struct Aspiration(int? Version, bool Canary)
{
    /// <summary>The file that says so.</summary>
    public string File => Canary ? "canary" : "current";

    /// <exception cref="EdgeException"><c>current</c> or <c>canary</c> can't be read.</exception>
    public static Aspiration Of(PackageStore store, string name, string station) =>
        store.Canary(name) is { } canary && canary.IsAt(station) ? new(canary.Version, true) : new(store.Current(name), false);
}
