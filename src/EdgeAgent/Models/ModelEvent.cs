using System.Text.Json.Serialization;

namespace Edge.Agent.Models;

/// <summary>A journal entry of kind event.</summary>
/// <param name="Event"><c>model-running</c>: the first part after it is inspected with it. <c>model-refused</c>: it did not prove itself, the running one stays. <c>self-test-failed</c>: what runs does not give its golden images' scores again.
/// <c>shadow-running</c>, <c>shadow-ended</c>, <c>shadow-refused</c>: the same of a version that decides nothing.</param>
/// <param name="Version">What <c>current</c> named, or <c>shadow</c>.</param>
/// <param name="From">Version that ran before, or still runs; null = none.</param>
/// <param name="FromModel">Its model, when a recipe changed it.</param>
/// <param name="Ordered">When it was named to run; null when the history does not say.</param>
/// <param name="Why">As the history says; of a refusal its reason.</param>
/// <param name="Role"><c>canary at …</c>: it begins or ends at this station alone; null = current.</param>
internal sealed record ModelEvent(string Event, string? Recipe, string Model, int? Version, int? From, string? FromModel, string? By, DateTimeOffset? Ordered, string? Why, string? Role = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ModelEvent))]
internal sealed partial class ModelEventJson : JsonSerializerContext;
