using System.Text.Json.Serialization;

namespace Edge.Agent.Messaging;

/// <summary>Retained on <c>status</c>.</summary>
/// <param name="Ready">A part that is triggered now would be inspected.</param>
/// <param name="NotReady">Why not: paused, camera, no-model or stalled.</param>
/// <param name="UnderWay">Parts between trigger and verdict.</param>
/// <param name="Beat">Counts up with every such message: a station that does not count is dead.</param>
internal sealed record StatusMessage(string State, bool Ready, string? NotReady, long UnderWay, long Beat, string Camera, string? CameraTrouble, string? Model, int? Version, string Session, string Build, DateTimeOffset Since);

/// <summary>Retained on <c>recipe</c>: what parts that are triggered from now on are.</summary>
/// <param name="Recipe">Null for a station without recipes.</param>
/// <param name="Model">Name of its model.</param>
internal sealed record RecipeMessage(string? Recipe, string Model, IReadOnlyList<string> Recipes);

/// <summary>Retained on <c>model</c>.</summary>
/// <param name="Version">Of the model that runs; null when none does.</param>
/// <param name="State">none, loading, running or refused: what became of the aspired version.</param>
/// <param name="Reason">Why the aspired version is refused.</param>
/// <param name="SignedBy">Id of the trusted key that signed the version that runs; null when no keys are configured.</param>
/// <param name="Canary">The aspired version is this station's before the others have it.</param>
/// <param name="Shadow">Null when none is named.</param>
internal sealed record ModelMessage(string Name, int? Version, string State, int? Aspired, string? Reason, string? SignedBy, bool Canary, ShadowMessage? Shadow);

/// <summary>The version that sees the same parts and decides nothing.</summary>
/// <param name="State">loading, running or refused.</param>
/// <param name="Reason">Why it is refused.</param>
internal sealed record ShadowMessage(int? Version, string State, string? Reason);

/// <summary>On <c>acquired</c>.</summary>
internal sealed record AcquiredMessage(string JobId, string? PartId, DateTimeOffset CapturedAt);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    MaxDepth = 4)]
[JsonSerializable(typeof(Trigger))]
[JsonSerializable(typeof(StatusMessage))]
[JsonSerializable(typeof(ModelMessage))]
[JsonSerializable(typeof(AcquiredMessage))]
[JsonSerializable(typeof(RecipeMessage))]
[JsonSerializable(typeof(CommandMessage))]
[JsonSerializable(typeof(ResponseMessage))]
[JsonSerializable(typeof(DriftMessage))]
internal sealed partial class MessageJson : JsonSerializerContext;
