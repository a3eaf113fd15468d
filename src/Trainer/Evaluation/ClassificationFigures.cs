namespace Edge.Training.Evaluation;

/// <summary>What follows from a confusion matrix. A figure without data is null, and <see cref="Undefined"/> says why.</summary>
public sealed record ClassificationFigures
{
    public required ConfusionMatrix Confusion { get; init; }

    /// <summary>Rows normal and anomalous, columns accepted and rejected; each row sums to 1, or is null without pictures.</summary>
    public required IReadOnlyList<IReadOnlyList<double>?> Normalised { get; init; }

    public required double? Accuracy { get; init; }
    public required double? MeanAccuracy { get; init; }
    public required double? Precision { get; init; }
    public required double? Recall { get; init; }
    public required double? Specificity { get; init; }
    public required double? F1 { get; init; }
    public required double? FalsePositiveRate { get; init; }
    public required double? FalseNegativeRate { get; init; }

    /// <summary>Name of a figure that is null → the reason.</summary>
    public required IReadOnlyDictionary<string, string> Undefined { get; init; }

    public static ClassificationFigures Of(ConfusionMatrix c)
    {
        const string NoNormal = "there are no normal pictures", NoAnomalous = "there are no anomalous pictures";
        SortedDictionary<string, string> undefined = new(StringComparer.Ordinal);
        double? Figure(string name, double? value, string reason)
        {
            if (value is null) undefined[name] = reason;
            return value;
        }
        return new ClassificationFigures
        {
            Confusion = c,
            Normalised =
            [
                c.Normal == 0 ? null : [c.Specificity!.Value, c.FalsePositiveRate!.Value],
                c.Anomalous == 0 ? null : [c.FalseNegativeRate!.Value, c.Recall!.Value],
            ],
            Accuracy = Figure("accuracy", c.Accuracy, "there are no pictures"),
            MeanAccuracy = Figure("meanAccuracy", c.MeanAccuracy, c.Normal == 0 ? NoNormal : NoAnomalous),
            Precision = Figure("precision", c.Precision, "nothing is rejected"),
            Recall = Figure("recall", c.Recall, NoAnomalous),
            Specificity = Figure("specificity", c.Specificity, NoNormal),
            F1 = Figure("f1", c.F1, "nothing is anomalous and nothing is rejected"),
            FalsePositiveRate = Figure("falsePositiveRate", c.FalsePositiveRate, NoNormal),
            FalseNegativeRate = Figure("falseNegativeRate", c.FalseNegativeRate, NoAnomalous),
            Undefined = undefined,
        };
    }
}
