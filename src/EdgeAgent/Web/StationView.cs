using System.Text.Json.Serialization;
using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Agent.Reviews;
using Edge.Agent.Web.Access;

namespace Edge.Agent.Web;

/// <summary>A station as the page shows it.</summary>
/// <param name="NotReady">Why a part that is triggered now would not be inspected: stalled, paused, camera or no-model; null when it would.</param>
/// <param name="Broker">connected, away, or none when MQTT is off.</param>
/// <param name="Version">Of the running model; null when none runs.</param>
/// <param name="Aspired">The version that <c>current</c> names.</param>
/// <param name="Refusal">Why the aspired version does not run.</param>
/// <param name="Uninspected">By reason.</param>
/// <param name="Picture">Number of the part in the live picture; 0 = there is none.</param>
/// <param name="PictureWidth">Of what it shows, camera pixels: the model's picture is made to fit the graph.</param>
internal sealed record StationView(
    string Name, string? NotReady, string Camera, string? CameraTrouble, string Broker, string? Recipe, string Model, int? Version, string ModelState, int? Aspired, string? Refusal,
    DateTimeOffset? ModelSince, double? Threshold, long Triggers, long Accepted, long Rejected, long Reviews, IReadOnlyDictionary<string, long> Uninspected, long Awaiting, long Unpublished,
    long Picture, string? PictureJob, string? PictureVerdict, int? PictureWidth, int? PictureHeight)
{
    public static StationView Of(Station station)
    {
        StationSnapshot s = station.Snapshot();
        LoadedModel? model = station.Inspector.Model;
        LivePicture? picture = station.HeatmapLoop.Live;
        return new StationView(
            s.Name, station.NotReady(), s.Camera.Wire(), s.CameraTrouble, station.Link is null ? "none" : s.BrokerConnected ? "connected" : "away",
            station.Recipes.Current.Name, s.ModelName, s.Version, s.Model.State.Wire(), s.Model.Aspired, s.Model.Refusal, model?.LoadedAt, model?.Calibration.Threshold,
            s.Triggers, s.Accepted, s.Rejected, s.Reviews, s.Uninspected.ToDictionary(u => u.Key.Wire(), u => u.Value), s.Awaiting, s.Unpublished,
            picture?.Job.Number ?? 0, picture?.Job.Id, picture?.Job.Result?.Verdict.Wire(), picture?.Region.Width, picture?.Region.Height);
    }
}

/// <summary>Said when something can't be answered.</summary>
internal sealed record ErrorView(string Error);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(IReadOnlyList<StationView>))]
[JsonSerializable(typeof(HistoryView))]
[JsonSerializable(typeof(QueueView))]
[JsonSerializable(typeof(IReadOnlyList<ModelView>))]
[JsonSerializable(typeof(ModelRequest))]
[JsonSerializable(typeof(RunningView))]
[JsonSerializable(typeof(ScoresView))]
[JsonSerializable(typeof(ReviewRequest))]
[JsonSerializable(typeof(ReviewView))]
[JsonSerializable(typeof(IReadOnlyList<ReviewCount>))]
[JsonSerializable(typeof(AccessView))]
[JsonSerializable(typeof(LoginRequest))]
[JsonSerializable(typeof(LogoutRequest))]
[JsonSerializable(typeof(ErrorView))]
[JsonSerializable(typeof(long))]
internal sealed partial class WebJson : JsonSerializerContext;
