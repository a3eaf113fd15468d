using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Thresholds;

namespace Edge.Training.Runs;

/// <summary>What <c>calibrate --json</c> prints.</summary>
internal sealed record CalibrationDocument
{
    public required string Model { get; init; }

    /// <summary>The version whose calibration was looked at.</summary>
    public required int FromVersion { get; init; }

    /// <summary>The new version; null when nothing was published.</summary>
    public required int? Version { get; init; }

    /// <summary>Its folder.</summary>
    public required string? Package { get; init; }

    /// <summary>As it is, or was to be.</summary>
    public required Calibration Calibration { get; init; }
    public required ThresholdChoice? Choice { get; init; }
    public required ReviewBand? Review { get; init; }

    /// <summary>The parts under the old calibration, and under the new one.</summary>
    public required TrialResult Before { get; init; }
    public required TrialResult After { get; init; }

    /// <summary>Parts without a label.</summary>
    public required int Unlabelled { get; init; }

    /// <summary>With <c>--all</c>: what each method would choose.</summary>
    public required IReadOnlyList<MethodRow>? Methods { get; init; }
    public required IReadOnlyList<string> Notes { get; init; }

    public static CalibrationDocument Of(Package from, Package? published, CalibrationSource source, CalibrationResult result, IReadOnlyList<MethodRow>? methods) => new()
    {
        Model = from.Manifest.Name,
        FromVersion = from.Manifest.Version,
        Version = published?.Manifest.Version,
        Package = published?.Folder,
        Calibration = result.Calibration,
        Choice = result.Choice,
        Review = result.Review,
        Before = result.Before,
        After = result.After,
        Unlabelled = source.Unlabelled,
        Methods = methods,
        Notes = result.Notes,
    };

    public string ToJson() => JsonSerializer.Serialize(this, CalibrationJson.Default.CalibrationDocument);
}

/// <param name="Reason">Why the method can't choose with this data; null when it could.</param>
internal sealed record MethodRow(string Method, ThresholdChoice? Choice, string? Reason);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CalibrationDocument))]
internal sealed partial class CalibrationJson : JsonSerializerContext;
