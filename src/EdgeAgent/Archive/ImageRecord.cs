using System.Text.Json.Serialization;

namespace Edge.Agent.Archive;

/// <summary>The journal's entry about a picture.</summary>
/// <param name="File">Below the archive's folder.</param>
/// <param name="Sha256">Of the file: the journal's chain covers it.</param>
internal sealed record ImageRecord(string JobId, string? PartId, string File, string Why, int Width, int Height, long Bytes, string Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ImageRecord))]
internal sealed partial class ArchiveJson : JsonSerializerContext;
