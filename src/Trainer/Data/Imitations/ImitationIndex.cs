using System.Text.Json;
using System.Text.Json.Serialization;

namespace Edge.Training.Data.Imitations;

/// <summary><c>imitated.json</c>: which picture each imitated defect was drawn on. Its presence says that the folder was written by <c>imitate</c>.</summary>
/// <param name="Source">The data set's folder, by name.</param>
internal sealed record ImitationIndex(string Source, int Seed, IReadOnlyList<ImitatedPicture> Pictures)
{
    public const string File = "imitated.json";

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ImitationJson.Default.ImitationIndex);
}

/// <param name="Sha256">Of the normal picture.</param>
/// <param name="DefectPixels">Of the mask.</param>
internal sealed record ImitatedPicture(string File, string From, string Sha256, int DefectPixels);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ImitationIndex))]
internal sealed partial class ImitationJson : JsonSerializerContext;
