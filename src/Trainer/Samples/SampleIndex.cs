using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Synthetic;

namespace Edge.Training.Samples;

/// <summary><c>samples.json</c>: what was rendered. Its presence says that the folder was written by <c>samples</c>.</summary>
internal sealed record SampleIndex(int Seed, int Width, int Height, IReadOnlyList<RenderedSample> Pictures)
{
    public const string File = "samples.json";

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, SampleJson.Default.SampleIndex);
}

/// <param name="Severity">0 hardly visible to 1 obvious.</param>
/// <param name="DefectPixels">Of the mask.</param>
internal sealed record RenderedSample(string File, Defect Defect, string Variant, float Severity, int DefectPixels);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(SampleIndex))]
internal sealed partial class SampleJson : JsonSerializerContext;
