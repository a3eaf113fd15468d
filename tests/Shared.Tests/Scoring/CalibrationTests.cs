using CsCheck;
using Edge.Scoring;
using Xunit;

namespace Edge.Tests.Scoring;

public sealed class CalibrationTests
{
    [Theory]
    [InlineData(0.49f, Verdict.Review)]
    [InlineData(0.5f, Verdict.Reject)]       // score >= threshold rejects
    [InlineData(0.51f, Verdict.Reject)]
    [InlineData(0.4f, Verdict.Review)]
    [InlineData(0.39f, Verdict.Accept)]
    [InlineData(float.NaN, Verdict.Uninspected)]
    [InlineData(float.PositiveInfinity, Verdict.Uninspected)]
    [InlineData(float.NegativeInfinity, Verdict.Uninspected)]
    public void Verdicts(float score, Verdict verdict) => Assert.Equal(verdict, Make(reviewFrom: 0.4f).Decide(score));

    [Fact]
    public void Without_a_review_band_there_is_no_review() => Gen.Float.Sample(score =>
        Assert.Equal(!float.IsFinite(score) ? Verdict.Uninspected : score >= 0.5f ? Verdict.Reject : Verdict.Accept, Make(null).Decide(score)));

    [Fact]
    public void The_default_verdict_is_not_accept() => Assert.Equal(Verdict.Uninspected, default);

    [Fact]
    public void Statistics_equal_numpy()
    {
        float[] scores = [3.5f, 1.25f, 9f, 2f, 2f, 7.75f, 0.5f];
        ScoreStatistics ours = ScoreStatistics.Of(scores);
        string numpy = Python.Run("""
            import sys, numpy as np
            x = np.array([float(a) for a in sys.argv[1:]])
            print(*[repr(float(v)) for v in [x.mean(), x.std(ddof=1), *np.quantile(x, [0, .01, .05, .1, .25, .5, .75, .9, .95, .99, 1])]])
            """, "numpy", [.. scores.Select(s => $"{s}")]);
        double[] expected = [.. numpy.Split(' ').Select(double.Parse)];
        double[] actual = [ours.Mean, ours.StandardDeviation, .. ours.Quantiles];
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-12);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Scores_that_are_not_finite_are_refused(float score) => Assert.Throws<EdgeException>(() => ScoreStatistics.Of([1, score]));

    [Fact]
    public void No_scores_are_refused() => Assert.Throws<EdgeException>(() => ScoreStatistics.Of([]));

    private static Calibration Make(float? reviewFrom) => new()
    {
        Method = "test",
        Threshold = 0.5f,
        Normals = ScoreStatistics.Of([0.1f]),
        HeatmapRange = new ValueRange(0, 1),
        ReviewFrom = reviewFrom,
    };
}
