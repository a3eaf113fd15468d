using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Packages;
using Edge.Training.Data;

namespace Edge.Training.Runs;

/// <summary>What <c>train --json</c> prints: where the package is, and its manifest without the files.</summary>
internal sealed record TrainingDocument
{
    public required string Package { get; init; }
    public required string Name { get; init; }
    public required int Version { get; init; }
    public required string Method { get; init; }
    public required string Backbone { get; init; }

    /// <summary>A score at or above it rejects.</summary>
    public required float Threshold { get; init; }
    public required double? FalseRejectRate { get; init; }
    public required string? Promise { get; init; }
    public required DatasetInfo Dataset { get; init; }
    public required IReadOnlyList<SkippedPicture> Skipped { get; init; }
    public required ParityInfo Parity { get; init; }
    public required EvaluationSummary? Evaluation { get; init; }
    public required IReadOnlyDictionary<string, string> Parameters { get; init; }
    public required double Seconds { get; init; }

    public static TrainingDocument Of(TrainingResult result)
    {
        Manifest manifest = result.Package.Manifest;
        return new TrainingDocument
        {
            Package = result.Package.Folder,
            Name = manifest.Name,
            Version = manifest.Version,
            Method = manifest.Method,
            Backbone = manifest.Backbone.Name,
            Threshold = manifest.Calibration.Threshold,
            FalseRejectRate = manifest.Calibration.FalseRejectRate,
            Promise = manifest.Calibration.Promise,
            Dataset = manifest.Dataset,
            Skipped = result.Skipped,
            Parity = manifest.Parity,
            Evaluation = manifest.Evaluation,
            Parameters = manifest.Parameters,
            Seconds = Math.Round(result.Elapsed.TotalSeconds, 3),
        };
    }

    public string ToJson() => JsonSerializer.Serialize(this, TrainingJson.Default.TrainingDocument);
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TrainingDocument))]
internal sealed partial class TrainingJson : JsonSerializerContext;
