namespace Edge.Scoring;

/// <summary>A raw score on a scale people know.</summary>
/// <param name="Clipped">The score lies outside the percentiles; scores beyond them can no longer be told apart.</param>
public readonly record struct NormalisedScore(double Value, bool Clipped);

/// <summary>
/// Puts two percentiles of the normal pictures' raw scores at the ends of an output range, linear between them and clipped beyond.
/// For people and charts only: verdicts, thresholds and journals use the raw score, as most anomalous parts lie beyond and would all look the same.
/// </summary>
/// <param name="Input">Raw scores at the ends.</param>
/// <param name="Output">What is shown there, e.g. 0 to 1 or 0 to 100.</param>
public sealed record PercentileNormaliser(ValueRange Input, ValueRange Output)
{
    /// <param name="normals">Of the package: the percentiles it keeps can be chosen.</param>
    /// <param name="low">Percentile, e.g. 1.</param>
    /// <param name="high">Percentile, e.g. 99.</param>
    /// <exception cref="EdgeException">Not a kept percentile, not ascending, or normal scores that do not differ.</exception>
    public static PercentileNormaliser Fit(ScoreStatistics normals, double low, double high, ValueRange output)
    {
        ArgumentNullException.ThrowIfNull(normals);
        ArgumentNullException.ThrowIfNull(output);
        if (!(low < high)) throw new EdgeException($"The percentiles {low} and {high} are not ascending.");
        if (!(output.Low < output.High) || !float.IsFinite(output.High - output.Low)) throw new EdgeException($"The output range {output.Low} to {output.High} is not ascending.");
        ValueRange input = new(At(normals, low), At(normals, high));
        if (!(input.Low < input.High)) throw new EdgeException($"The {low} and {high} % percentiles of the normal scores are both {input.Low}: nothing lies between them.");
        return new PercentileNormaliser(input, output);
    }

    /// <returns>Null for a score that is not a number; infinities are clipped.</returns>
    public NormalisedScore? Apply(float raw)
    {
        if (float.IsNaN(raw)) return null;
        double at = (raw - (double)Input.Low) / ((double)Input.High - Input.Low);
        return new NormalisedScore(Output.Low + Math.Clamp(at, 0, 1) * ((double)Output.High - Output.Low), at is < 0 or > 1);
    }

    private static float At(ScoreStatistics normals, double percentile)
    {
        for (int i = 0; i < ScoreStatistics.Levels.Count; i++)
            if (Math.Abs(100 * ScoreStatistics.Levels[i] - percentile) < 1e-9) return (float)normals.Quantiles[i];
        throw new EdgeException($"A package does not keep the {percentile} % percentile of its normal scores; it keeps {string.Join(", ", ScoreStatistics.Levels.Select(l => Math.Round(100 * l, 6)))}.");
    }
}
