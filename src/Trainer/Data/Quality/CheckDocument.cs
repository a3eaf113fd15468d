using System.Text.Json;
using System.Text.Json.Serialization;

namespace Edge.Training.Data.Quality;

/// <summary>What <c>check --json</c> prints.</summary>
internal sealed record CheckDocument
{
    public required string Data { get; init; }
    public required int Pictures { get; init; }
    public required int Readable { get; init; }
    public required IReadOnlyList<CheckFinding> Findings { get; init; }

    /// <summary>What was not looked for, and why.</summary>
    public required IReadOnlyList<string> NotChecked { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, CheckJson.Default.CheckDocument);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CheckDocument))]
internal sealed partial class CheckJson : JsonSerializerContext;
