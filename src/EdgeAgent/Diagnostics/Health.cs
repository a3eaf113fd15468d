using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Agent.Capture;
using Edge.Agent.Inspection;

namespace Edge.Agent.Diagnostics;

/// <summary>What <c>/healthz</c> says.</summary>
/// <param name="Problems">Empty when healthy.</param>
internal sealed record HealthReport(string Status, string Build, IReadOnlyDictionary<string, IReadOnlyList<string>> Problems)
{
    public bool IsHealthy => Problems.Values.All(p => p.Count == 0);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(HealthReport))]
internal sealed partial class HealthJson : JsonSerializerContext;

/// <summary>Healthy: every loop beats, has a model and a camera. A broker that is away is not the agent's illness; a metric shows it.</summary>
internal sealed class Health(IReadOnlyList<Station> stations)
{
    public HealthReport Report()
    {
        Dictionary<string, IReadOnlyList<string>> problems = stations.ToDictionary(s => s.Name, s => (IReadOnlyList<string>)[.. Problems(s)]);
        return new HealthReport(problems.Values.All(p => p.Count == 0) ? "healthy" : "unhealthy", Build.Version, problems);
    }

    /// <summary>Every loop of every station is alive.</summary>
    public bool Beats() => stations.All(s => s.Heartbeats.All(h => h.IsFresh));

    public string Summary() => string.Join(", ", stations.Select(s => $"{s.Name}: camera {s.Camera.State.Wire()}, model {s.Inspector.Model?.Version.ToString() ?? "none"}"));

    private static IEnumerable<string> Problems(Station station)
    {
        foreach (Heartbeat heartbeat in station.Heartbeats)
            if (!heartbeat.IsFresh) yield return $"loop '{heartbeat.Name}' has not been alive for {Heartbeat.Limit.TotalSeconds} s";
        if (station.Inspector.Model is null)
            yield return $"no model '{station.Recipes.Current.Model}' runs{(station.Watcher.Status.Refusal is { } why ? $": {why}" : "")}";
        if (station.Camera.State != CameraState.Online)
            yield return $"camera is {station.Camera.State.Wire()}{(station.Camera.Trouble is { } trouble ? $": {trouble}" : "")}";
    }

    public async Task WriteAsync(HttpContext http)
    {
        HealthReport report = Report();
        http.Response.StatusCode = report.IsHealthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        http.Response.ContentType = "application/json";
        await http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(report, HealthJson.Default.HealthReport), http.RequestAborted).ConfigureAwait(false);
    }
}
