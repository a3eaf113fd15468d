using Edge.Training.Evaluation;

namespace Edge.Training.Thresholds;

/// <summary>A threshold, what it does to the pictures it was chosen with, and what it promises.</summary>
internal sealed record ThresholdChoice
{
    public required string Method { get; init; }

    /// <summary>Raw image score; a score at or above it is rejected.</summary>
    public required float Threshold { get; init; }

    /// <summary>What was asked for, e.g. "FPR ≤ 1 %"; empty when the method has nothing to set.</summary>
    public required string Setting { get; init; }

    public required ConfusionMatrix Confusion { get; init; }
    public required ObservedRate FalseRejects { get; init; }
    public required ObservedRate Misses { get; init; }

    /// <summary>The false reject rate that was asked for; null when the method promises none.</summary>
    public double? FalseRejectRate { get; init; }

    /// <summary>Expected cost of a part by the costs given, in their unit.</summary>
    public double? CostPerPart { get; init; }

    /// <summary>Scores within 1e-3 of the threshold: another processor may round them to the other side.</summary>
    public required int WithinRounding { get; init; }

    /// <summary>In words that can be signed.</summary>
    public required string Promise { get; init; }
}
