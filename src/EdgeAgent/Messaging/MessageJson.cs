using System.Text.Json.Serialization;

namespace Edge.Agent.Messaging;

/// <summary>Retained on <c>status</c>.</summary>
internal sealed record StatusMessage(string State, string Camera, string? CameraTrouble, string? Model, int? Version, string Session, string Build, DateTimeOffset Since);

/// <summary>Retained on <c>model</c>.</summary>
/// <param name="Version">Of the model that runs; null when none does.</param>
/// <param name="State">none, loading, running or refused: what became of the aspired version.</param>
/// <param name="Reason">Why the aspired version is refused.</param>
internal sealed record ModelMessage(string Name, int? Version, string State, int? Aspired, string? Reason);

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
internal sealed partial class MessageJson : JsonSerializerContext;
