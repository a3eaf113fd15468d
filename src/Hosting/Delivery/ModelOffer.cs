using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Edge.Packages;

namespace Edge.Hosting;

/// <summary>What a trainer has of a model: its answer to <c>GET /models/&lt;model&gt;</c>, and the payload of the retained announcement.</summary>
/// <param name="Newest">The newest whole version.</param>
/// <param name="Current">The one that <c>current</c> names at the trainer; null = none.</param>
internal sealed record ModelOffer(string Model, OfferedVersion Newest, OfferedVersion? Current)
{
    public const int MaxBytes = 4096;

    /// <summary>Null when every value is in range.</summary>
    public string? WhyInvalid() =>
        !PackageFiles.IsName(Model) ? "model is not the name of a model"
        : Newest.WhyInvalid() ?? Current?.WhyInvalid();
}

/// <param name="Manifest">SHA-256 of manifest.json, lower-case hexadecimal: it stands for the whole version.</param>
/// <param name="Bytes">Of all its files together.</param>
internal sealed partial record OfferedVersion(int Version, string Manifest, long Bytes)
{
    public string? WhyInvalid() => Version < 1 ? "version must be 1 or more" : !Hash().IsMatch(Manifest) ? "manifest must be a SHA-256 in lower-case hexadecimal" : Bytes < 1 ? "bytes must be 1 or more" : null;

    [GeneratedRegex(@"^[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Hash();
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = 4)]
[JsonSerializable(typeof(ModelOffer))]
internal sealed partial class OfferJson : JsonSerializerContext;
