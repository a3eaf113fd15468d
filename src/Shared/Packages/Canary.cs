namespace Edge.Packages;

/// <summary>A version that runs at some stations first, while the others keep <c>current</c>: the line <c>version station…</c> of <c>models/&lt;name&gt;/canary</c>.</summary>
/// <param name="Stations">Names as the agent's configuration has them; at least one.</param>
public sealed record Canary(int Version, IReadOnlyList<string> Stations)
{
    public bool IsAt(string station) => Stations.Contains(station, StringComparer.Ordinal);

    public override string ToString() => $"{Version} {string.Join(' ', Stations)}";

    /// <summary>Null when it is none.</summary>
    internal static Canary? Parse(string line)
    {
        string[] parts = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return parts.Length >= 2 && VersionFile.Parse(parts[0]) is { } version ? new Canary(version, parts[1..]) : null;
    }
}
