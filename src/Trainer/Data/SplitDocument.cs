using System.Text.Json;
using System.Text.Json.Serialization;

namespace Edge.Training.Data;

/// <summary><c>split.json</c>: where every picture came from and went.</summary>
/// <param name="Source">The folder that was split, by name.</param>
internal sealed record SplitDocument(string Source, double Train, double Validation, IReadOnlyList<SplitEntry> Pictures)
{
    public const string File = "split.json";

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, SplitJson.Default.SplitDocument);
}

/// <param name="From">Below the source folder.</param>
/// <param name="To">Below the new one; null when left out.</param>
internal sealed record SplitEntry(string From, string? To, string Sha256);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SplitDocument))]
internal sealed partial class SplitJson : JsonSerializerContext;
