using Edge.Training.Thresholds;

namespace Edge.Training.Evaluation;

/// <summary>One decision that the scores allow: a point of the ROC and of the precision-recall curve.</summary>
/// <param name="Precision">Null where nothing is rejected.</param>
public sealed record CurvePoint(float Threshold, long FalseRejects, long Misses, double FalsePositiveRate, double TruePositiveRate, double? Precision);

/// <param name="Limit">False positive rate up to which the area is taken.</param>
public sealed record AuproFigure(double? Value, double Limit);

/// <summary>Every figure of an evaluation. A figure without data is null, and <see cref="Undefined"/> says why.</summary>
public sealed record EvaluationFigures
{
    /// <summary>At the package's threshold. A score in the review band is no reject.</summary>
    public required ClassificationFigures AtThreshold { get; init; }

    /// <summary>Pictures in the review band.</summary>
    public required int NormalReviewed { get; init; }
    public required int AnomalousReviewed { get; init; }

    public required double? ImageAuroc { get; init; }
    public required double? AveragePrecision { get; init; }
    public required double? F1Max { get; init; }
    public required double? PixelAuroc { get; init; }
    public required AuproFigure Aupro { get; init; }
    public required OverlapFigures Aupimo { get; init; }
    public required IReadOnlyDictionary<string, string> Undefined { get; init; }

    /// <summary>Ascending thresholds, from "rejects everything" to "rejects nothing"; empty when a class is missing.</summary>
    public required IReadOnlyList<CurvePoint> OperatingCurve { get; init; }

    public static IReadOnlyList<CurvePoint> CurveOf(float[] normal, float[] anomalous) =>
        normal.Length == 0 || anomalous.Length == 0 ? []
        : [.. Thresholds.OperatingCurve.Of(new LabelledScores(normal, anomalous)).Points.Select(p => new CurvePoint(
            p.Threshold, p.Confusion.FalseRejects, p.Confusion.Misses, p.Confusion.FalsePositiveRate!.Value, p.Confusion.Recall!.Value, p.Confusion.Precision))];
}
