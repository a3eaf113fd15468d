using System.Text.Json;
using Edge.Agent.Inspection;
using Edge.Agent.Journal;
using Edge.Agent.Models;
using Edge.Agent.Reviews;
using Edge.Journal;
using Edge.Packages;

namespace Edge.Agent.Web;

/// <param name="Error">Why the manifest can't be read; the rest is null then.</param>
internal sealed record VersionView(int Version, string? Method, string? Backbone, DateTimeOffset? CreatedAt, float? Threshold, float? ReviewFrom, double? ImageAuroc, double? PixelAuroc, int? Normals, string? Error);

/// <param name="Version">That the next part is inspected with; null = none.</param>
/// <param name="Probation">That is on probation; null = none.</param>
/// <param name="Shadow">That watches and decides nothing; null = none.</param>
/// <param name="Canary">What it is to run is its own, before the others have it.</param>
internal sealed record RunningView(string Station, int? Version, int? Probation, int? Shadow, bool Canary);

/// <param name="Current">The version that is named to run; null = none.</param>
/// <param name="Versions">Newest first.</param>
/// <param name="History">Newest first.</param>
internal sealed record ModelView(string Name, int? Current, IReadOnlyList<RunningView> Stations, IReadOnlyList<VersionView> Versions, IReadOnlyList<Activation> History);

/// <param name="Action">activate, rollback, shadow or canary.</param>
/// <param name="Version">Of activate, shadow and canary; a shadow or canary without one ends.</param>
internal sealed record ModelRequest(string Action, int? Version = null, string? Why = null);

/// <param name="Score">Raw.</param>
/// <param name="Truth">What a person said: normal or anomalous; null = nothing.</param>
internal sealed record ScoredPart(double Score, string Verdict, string? Truth);

/// <summary>What the graph that runs scored lately, whatever the threshold was then.</summary>
/// <param name="Parts">Newest first.</param>
internal sealed record ScoresView(string Station, string Model, int Version, float Threshold, float? ReviewFrom, IReadOnlyList<ScoredPart> Parts);

/// <summary>The packages of the stations' models, and a change of what runs.</summary>
internal sealed class Models(IReadOnlyList<Station> stations, PackageStore store, JournalWriter? journal, ReviewBook reviews)
{
    private const int MostVersions = 50, MostActivations = 20, MostParts = 5000, LongestWhy = 200;

    public Task WriteAsync(HttpContext http) => OperatorPage.WriteJsonAsync(http, [.. stations.SelectMany(s => s.Recipes.Models).Distinct().Order(StringComparer.Ordinal).Select(ViewOf)], WebJson.Default.IReadOnlyListModelView);

    /// <exception cref="EdgeException">There is no such station, or the version does not prove itself: what runs goes on.</exception>
    public RunningView Change(HttpContext http, ModelRequest request, string by)
    {
        Station station = Of((string?)http.Request.RouteValues["name"]);
        string? why = string.IsNullOrWhiteSpace(request.Why) ? null : request.Why.Trim();
        if (why?.Length > LongestWhy) throw new EdgeException($"The reason has {why.Length} characters; {LongestWhy} are kept.");
        try
        {
            switch (request.Action)
            {
                case "activate" when request.Version is >= 1: station.Watcher.Activate(request.Version.Value, $"{by} on the page", why); break;
                case "rollback" when request.Version is null: station.Watcher.RollBack($"{by} on the page", why); break;
                case "shadow": station.Shadow.Order(request.Version, $"{by} on the page", why); break;
                case "canary": station.Watcher.RunCanary(request.Version, $"{by} on the page", why); break;
                default: throw new EdgeException("action is activate, with a version, rollback, without, shadow, with the version that is to watch, or canary, with the version for this station alone; without it they end.");
            }
        }
        catch (Exception e) when (e is not EdgeException)
        {
            throw new EdgeException(e.Message, e);   // whatever is wrong with a candidate, what runs stays
        }
        return Running(station);
    }

    public async Task WriteScoresAsync(HttpContext http)
    {
        Station station = Of(http.Request.Query["station"]);
        if (station.Inspector.Model is not { } model) throw new EdgeException("No model runs.");
        ScoresView view = await History.ReadAsync(journal, file => Scores(file, station, model), http.RequestAborted).ConfigureAwait(false);
        await OperatorPage.WriteJsonAsync(http, view, WebJson.Default.ScoresView).ConfigureAwait(false);
    }

    private Station Of(string? name) => stations.FirstOrDefault(s => s.Name == name) ?? throw new EdgeException("There is no such station.");

    private ScoresView Scores(JournalFile file, Station station, LoadedModel model)
    {
        string graph = model.Manifest.Files["model.onnx"];
        Dictionary<int, bool> same = new() { [model.Version] = true };
        JournalEntry[] entries = [.. file.LastOf(station.Name, JournalKind.Part, MostParts)];
        Dictionary<long, Review> said = entries.Length == 0 ? [] : reviews.Read(r => r.Between(file.Id, entries[^1].Seq, entries[0].Seq), []);
        List<ScoredPart> parts = [];
        foreach (JournalEntry entry in entries)
        {
            using JsonDocument record = JsonDocument.Parse(entry.Record);
            JsonElement r = record.RootElement;
            if (!(r.TryGetProperty("model", out JsonElement name) && name.GetString() == model.Name && r.TryGetProperty("version", out JsonElement version) && r.TryGetProperty("score", out JsonElement score) && score.ValueKind == JsonValueKind.Number)) continue;
            if (!same.TryGetValue(version.GetInt32(), out bool counts)) same[version.GetInt32()] = counts = GraphOf(model.Name, version.GetInt32()) == graph;
            if (!counts) continue;
            string? truth = said.GetValueOrDefault(entry.Seq)?.Judgement is Judgement.Normal or Judgement.Anomalous ? said[entry.Seq].Judgement.Wire() : null;
            parts.Add(new ScoredPart(score.GetDouble(), r.GetProperty("verdict").GetString()!, truth));
        }
        return new ScoresView(station.Name, model.Name, model.Version, model.Calibration.Threshold, model.Calibration.ReviewFrom, parts);
    }

    private ModelView ViewOf(string name)
    {
        int? current = null;
        IReadOnlyList<Activation> history = [];
        try
        {
            current = store.Current(name);
            history = store.History(name);
        }
        catch (EdgeException)
        {
            // What can't be read is not shown; the station's state says what is wrong.
        }
        return new ModelView(name, current, [.. stations.Where(s => s.Recipes.Current.Model == name).Select(Running)],
            [.. store.Versions(name).OrderDescending().Take(MostVersions).Select(v => VersionOf(name, v))], [.. history.TakeLast(MostActivations).Reverse()]);
    }

    private static RunningView Running(Station station) => new(station.Name, station.Watcher.Offered, station.Probation.Version, station.Shadow.Status.Aspired, station.Watcher.Status.Canary);

    private VersionView VersionOf(string name, int version)
    {
        try
        {
            Manifest m = Read(name, version);
            return new VersionView(version, m.Method, m.Backbone.Name, m.CreatedAt, m.Calibration.Threshold, m.Calibration.ReviewFrom, m.Evaluation?.ImageAuroc, m.Evaluation?.PixelAuroc, m.Calibration.Normals.Count, null);
        }
        catch (EdgeException e)
        {
            return new VersionView(version, null, null, null, null, null, null, null, null, e.Message);
        }
    }

    private string? GraphOf(string name, int version)
    {
        try
        {
            return Read(name, version).Files.GetValueOrDefault("model.onnx");
        }
        catch (EdgeException)
        {
            return null;
        }
    }

    /// <summary>The manifest alone: hashing all packages for a look at a page would keep the disk busy.</summary>
    private Manifest Read(string name, int version)
    {
        try
        {
            return Manifest.Parse(File.ReadAllBytes(Path.Combine(store.FolderOf(name, version), "manifest.json")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new EdgeException($"The manifest can't be read: {e.Message}", e);
        }
    }
}
