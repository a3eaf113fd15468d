using Edge.Scoring;
using Xunit;

namespace Edge.Tests.Scoring;

public sealed class PercentileNormaliserTests
{
    /// <summary>0, 1, …, 100: the p % percentile is p.</summary>
    private static readonly ScoreStatistics Normals = ScoreStatistics.Of([.. Enumerable.Range(0, 101).Select(i => (float)i)]);

    [Fact]
    public void Linear_between_the_percentiles_and_clipped_beyond_with_a_word()
    {
        PercentileNormaliser normaliser = PercentileNormaliser.Fit(Normals, 5, 95, new ValueRange(0, 1));
        Assert.Equal(new ValueRange(5, 95), normaliser.Input);
        Assert.Equal(new NormalisedScore(0, false), normaliser.Apply(5));
        Assert.Equal(new NormalisedScore(0.5, false), normaliser.Apply(50));
        Assert.Equal(new NormalisedScore(1, false), normaliser.Apply(95));
        Assert.Equal(new NormalisedScore(0, true), normaliser.Apply(4.5f));
        Assert.Equal(new NormalisedScore(1, true), normaliser.Apply(1e30f));
        Assert.Equal(new NormalisedScore(1, true), normaliser.Apply(float.PositiveInfinity));
        Assert.Null(normaliser.Apply(float.NaN));
    }

    [Fact]
    public void The_output_range_is_free()
    {
        PercentileNormaliser normaliser = PercentileNormaliser.Fit(Normals, 0, 100, new ValueRange(-100, 100));
        Assert.Equal(new NormalisedScore(-50, false), normaliser.Apply(25));
    }

    [Fact]
    public void Order_is_kept_between_the_percentiles()
    {
        PercentileNormaliser normaliser = PercentileNormaliser.Fit(Normals, 1, 99, new ValueRange(0, 100));
        double[] shown = [.. Enumerable.Range(10, 880).Select(i => normaliser.Apply(i / 9f)!.Value.Value)];
        Assert.Equal(shown.Order().Distinct(), shown);
    }

    [Theory]
    [InlineData(2, 99, 0, 1, "does not keep the 2 % percentile")]
    [InlineData(99, 1, 0, 1, "not ascending")]
    [InlineData(1, 99, 1, 0, "output range")]
    public void What_makes_no_sense_is_refused(double low, double high, float from, float to, string message) =>
        Assert.Contains(message, Assert.Throws<EdgeException>(() => PercentileNormaliser.Fit(Normals, low, high, new ValueRange(from, to))).Message, StringComparison.Ordinal);

    [Fact]
    public void Normals_that_do_not_differ_are_refused() =>
        Assert.Contains("nothing lies between", Assert.Throws<EdgeException>(() => PercentileNormaliser.Fit(ScoreStatistics.Of([1, 1, 1]), 1, 99, new ValueRange(0, 1))).Message, StringComparison.Ordinal);
}
