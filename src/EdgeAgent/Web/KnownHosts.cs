using System.Net;

namespace Edge.Agent.Web;

/// <summary>
/// Names that the page answers to. A web site whose name is made to point here (DNS rebinding) could read the page through an operator's
/// browser; it needs a name for that, so addresses are harmless.
/// </summary>
internal sealed class KnownHosts(string? configured)
{
    private readonly HashSet<string> names = new(
        ["localhost", Environment.MachineName, .. (configured ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)], StringComparer.OrdinalIgnoreCase);

    public bool Knows(string host) => names.Contains(host) || IPAddress.TryParse(host, out _);
}
