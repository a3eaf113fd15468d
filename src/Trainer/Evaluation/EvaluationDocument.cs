using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Packages;
using Edge.Training.Data;

namespace Edge.Training.Evaluation;

/// <summary>What <c>evaluate --json</c> prints: one document, everything that was decided included.</summary>
public sealed record EvaluationDocument
{
    /// <summary>Name and version of the package.</summary>
    public required string Model { get; init; }
    public required int Version { get; init; }
    public required string Package { get; init; }
    public required string Data { get; init; }

    /// <summary>A score at or above it rejects.</summary>
    public required float Threshold { get; init; }

    public required EvaluationSummary Summary { get; init; }
    public required EvaluationFigures Figures { get; init; }
    public required IReadOnlyList<FolderResult> Folders { get; init; }
    public required int FalseRejects { get; init; }
    public required int Misses { get; init; }

    /// <summary>Anomalous regions behind the pixel figures, pictures without a mask, masks that could not be used.</summary>
    public required long Regions { get; init; }
    public required int WithoutMask { get; init; }
    public required IReadOnlyList<SkippedPicture> UnusableMasks { get; init; }
    public required IReadOnlyList<SkippedPicture> Skipped { get; init; }
    public required IReadOnlyList<DuplicatePicture> Duplicates { get; init; }
    public required double Seconds { get; init; }
    public required IReadOnlyList<PictureScore> Pictures { get; init; }

    internal static EvaluationDocument Of(Package package, Dataset dataset, EvaluationResult result, TimeSpan elapsed) => new()
    {
        Model = package.Manifest.Name,
        Version = package.Manifest.Version,
        Package = package.Folder,
        Data = dataset.Folder,
        Threshold = package.Manifest.Calibration.Threshold,
        Summary = result.Summary,
        Figures = result.Figures,
        Folders = result.Folders,
        FalseRejects = result.FalseRejects,
        Misses = result.Misses,
        Regions = result.Regions,
        WithoutMask = result.WithoutMask,
        UnusableMasks = result.UnusableMasks,
        Skipped = result.Skipped,
        Duplicates = dataset.Duplicates,
        Seconds = Math.Round(elapsed.TotalSeconds, 3),
        Pictures = result.Pictures,
    };

    public string ToJson() => JsonSerializer.Serialize(this, EvaluationJson.Default.EvaluationDocument);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(EvaluationDocument))]
internal sealed partial class EvaluationJson : JsonSerializerContext;
