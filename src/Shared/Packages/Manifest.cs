using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Imaging;
using Edge.Scoring;

namespace Edge.Packages;

/// <summary>
/// <c>manifest.json</c> of a package <c>models/&lt;name&gt;/&lt;version&gt;/</c>. Strict: an unknown, missing or duplicate member
/// refuses the package.
/// </summary>
public sealed record Manifest
{
    public const int CurrentSchema = 1;

    public required int SchemaVersion { get; init; }
    public required string Name { get; init; }
    public required int Version { get; init; }

    /// <summary>patchcore, fastflow, fcdd, efficientad, …</summary>
    public required string Method { get; init; }

    public required BackboneInfo Backbone { get; init; }
    public required InputSpec Input { get; init; }
    public required Calibration Calibration { get; init; }

    /// <summary>Figures on labelled test pictures; null when there were none.</summary>
    public EvaluationSummary? Evaluation { get; init; }

    public required DatasetInfo Dataset { get; init; }

    /// <summary>How far ONNX Runtime and the training framework differed on real pictures before publication.</summary>
    public required ParityInfo Parity { get; init; }

    /// <summary>Everything that was chosen for training, method by method, as text.</summary>
    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Commit the trainer was built from; null when it was not built from a repository.</summary>
    public string? GitCommit { get; init; }

    /// <summary>Every other file of the package: path with forward slashes → SHA-256, lower-case hexadecimal.</summary>
    public required IReadOnlyDictionary<string, string> Files { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, PackageJson.Default.Manifest);

    /// <exception cref="EdgeException">Not JSON, an unknown or missing member, or a value of the wrong type; the message names it.</exception>
    public static Manifest Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, PackageJson.Default.Manifest) ?? throw new EdgeException("manifest.json holds null.");
        }
        catch (JsonException e)
        {
            throw new EdgeException($"manifest.json is not valid: {e.Message}", e);
        }
    }
}

/// <param name="Sha256">Of the weights' file, lower-case hexadecimal.</param>
public sealed record BackboneInfo(string Name, string Sha256);

/// <param name="Digest">SHA-256 over the sorted SHA-256 of all pictures used: equal data, equal digest.</param>
/// <param name="Training">Pictures the model was fitted to.</param>
/// <param name="Calibration">Held-out normal pictures behind the threshold.</param>
/// <param name="Skipped">Pictures that could not be read.</param>
/// <param name="Duplicates">Pictures left out because another has the same content.</param>
public sealed record DatasetInfo(string Digest, int Training, int Calibration, int Skipped, int Duplicates);

/// <param name="Images">Real pictures compared.</param>
/// <param name="MaxRelativeScore">Largest |a − b| / max(|a|, |b|) of the image scores.</param>
/// <param name="MaxRelativeMap">Largest |a − b| of the maps over the largest map value of that picture.</param>
/// <param name="Tolerance">The limit both had to stay below.</param>
public sealed record ParityInfo(int Images, double MaxRelativeScore, double MaxRelativeMap, double Tolerance);

/// <summary>Figures on labelled pictures. All in [0, 1]; null where the data can't give it (no anomalies, no masks).</summary>
public sealed record EvaluationSummary
{
    public required int Normal { get; init; }
    public required int Anomalous { get; init; }
    public double? ImageAuroc { get; init; }
    public double? PixelAuroc { get; init; }

    /// <summary>Area under the per-region overlap curve up to a false positive rate of 0.3, normalised to [0, 1].</summary>
    public double? Aupro { get; init; }

    public double? F1Max { get; init; }

    /// <summary>Fraction of right verdicts at the package's threshold, for each folder of the test set.</summary>
    public required IReadOnlyDictionary<string, double> AccuracyByFolder { get; init; }
}

/// <summary><c>golden/expected.json</c>: what the graph gave on the golden images when it was published.</summary>
public sealed record GoldenSet
{
    /// <summary>Largest allowed |a − b| / max(|a|, |b|), for the score and for the map's largest value.</summary>
    public required double Tolerance { get; init; }

    public required IReadOnlyList<GoldenImage> Images { get; init; }
}

/// <param name="File">Name below <c>golden/</c>: PNG, RGB, at the model's size (no preprocessing left to do).</param>
/// <param name="Score">Raw image score.</param>
/// <param name="MapMax">Largest value of the anomaly map.</param>
public sealed record GoldenImage(string File, float Score, float MapMax);

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(GoldenSet))]
[JsonSerializable(typeof(PackageSignature))]
internal sealed partial class PackageJson : JsonSerializerContext;
