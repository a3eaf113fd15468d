using System.Text.Json.Serialization;

namespace Edge.Agent.Delivery;

/// <summary>A journal entry of kind event, for each station that may run the model.</summary>
/// <param name="Event"><c>model-delivered</c>: the version lies verified in the models folder. <c>delivery-refused</c>: it is not what it should be, or did not prove itself; what runs stays.</param>
/// <param name="Manifest">SHA-256 of its manifest.json.</param>
/// <param name="From">The trainer.</param>
/// <param name="SignedBy">Id of the trusted key; null = none was asked for.</param>
internal sealed record DeliveryEvent(string Event, string Model, int Version, string Manifest, string From, string? SignedBy, string? Why);

/// <summary>What outlives a restart, of one model.</summary>
/// <param name="Fetched">Versions that came from the trainer and may be removed when they are old.</param>
/// <param name="Followed">The trainer's current that was made current here last.</param>
/// <param name="Watched">The version that was made the shadow last.</param>
internal sealed record DeliveredModel(IReadOnlyList<int> Fetched, int? Followed = null, int? Watched = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(DeliveryEvent))]
[JsonSerializable(typeof(Dictionary<string, DeliveredModel>))]
internal sealed partial class DeliveryJson : JsonSerializerContext;
