using CsCheck;
using Edge.Training.Thresholds;
using Xunit;

namespace Edge.Tests.Thresholds;

public sealed class SplitConformalTests
{
    [Theory]
    [InlineData(99, 0.01, 99)]
    [InlineData(100, 0.01, 100)]
    [InlineData(199, 0.01, 198)]
    [InlineData(19, 0.05, 19)]
    [InlineData(9, 0.1, 9)]
    [InlineData(9, 0.2, 8)]
    public void Rank_is_the_textbook_one(int n, double alpha, int rank) => Assert.Equal(rank, SplitConformal.Rank(n, alpha));

    [Fact]
    public void Exactly_n_minus_k_held_out_pictures_are_rejected_and_ties_are_accepted() => Gen.Select(Gen.Int[4, 200], Gen.Int[0, 20], Gen.Int[0, 10_000]).Sample((n, levels, seed) =>
    {
        Random random = new(seed);
        // Few levels make many ties.
        float[] scores = [.. Enumerable.Range(0, n).Select(_ => levels == 0 ? random.NextSingle() : random.Next(levels + 1))];
        double rate = 1.0 / (n + 1) + random.NextDouble() * 0.5;
        SplitConformal choice = SplitConformal.Choose(scores, Math.Min(rate, 0.9));
        int rejected = scores.Count(s => s >= choice.Threshold), k = SplitConformal.Rank(n, Math.Min(rate, 0.9));
        Assert.True(rejected <= n - k, $"{rejected} rejected, {n - k} allowed");
        Assert.Contains(MathF.BitDecrement(choice.Threshold), scores);
    });

    /// <summary>The promise itself: over many draws the mean false reject rate is at most α and more than α − 1/(n + 1).</summary>
    [Theory]
    [InlineData(19, 0.05)]
    [InlineData(30, 0.1)]
    public void The_average_false_reject_rate_is_as_promised(int n, double alpha)
    {
        Random random = new(1);
        const int Draws = 20_000;
        double sum = 0;
        int above = 0;
        double bound = SplitConformal.UpperBound(n, SplitConformal.Rank(n, alpha), 0.95);
        for (int i = 0; i < Draws; i++)
        {
            float[] scores = [.. Enumerable.Range(0, n).Select(_ => random.NextSingle())];
            double rate = 1 - SplitConformal.Choose(scores, alpha).Threshold;   // uniform scores: P(score >= t) = 1 − t
            sum += rate;
            if (rate > bound) above++;
        }
        Assert.InRange(sum / Draws, alpha - 1.0 / (n + 1) - 0.002, alpha + 0.002);
        Assert.InRange((double)above / Draws, 0.045, 0.055);   // the 95 % bound is exact for continuous scores
    }

    [Fact]
    public void Too_few_pictures_for_the_rate_are_refused_with_what_is_needed()
    {
        EdgeException e = Assert.Throws<EdgeException>(() => SplitConformal.Choose(new float[24], 0.01));
        Assert.Contains("24", e.Message, StringComparison.Ordinal);
        Assert.Contains("0.04", e.Message, StringComparison.Ordinal);
        Assert.Contains("99", e.Message, StringComparison.Ordinal);
        Assert.Throws<EdgeException>(() => SplitConformal.Choose(new float[3], null));
        Assert.Throws<EdgeException>(() => SplitConformal.Choose(new float[3], 0.5));
    }

    [Fact]
    public void The_rate_the_refusal_names_is_accepted() => Gen.Int[4, 500].Sample(n =>
        Assert.False(SplitConformal.Choose(new float[n], Math.Ceiling(1.0 / (n + 1) * 1e4) / 1e4).Relaxed));

    [Fact]
    public void Without_a_rate_the_usual_or_the_strictest_is_taken()
    {
        float[] few = [1, 2, 3, 4, 5, 6];
        SplitConformal relaxed = SplitConformal.Choose(few, null);
        Assert.True(relaxed.Relaxed);
        Assert.Equal(1 / 7.0, relaxed.FalseRejectRate, 1e-12);
        Assert.Equal(MathF.BitIncrement(6), relaxed.Threshold);
        SplitConformal usual = SplitConformal.Choose(new float[99], null);
        Assert.False(usual.Relaxed);
        Assert.Equal(0.01, usual.FalseRejectRate);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void A_rate_outside_0_to_1_is_refused(double rate) => Assert.Throws<EdgeException>(() => SplitConformal.Choose(new float[50], rate));

    [Fact]
    public void A_score_that_is_not_finite_is_refused() => Assert.Throws<EdgeException>(() => SplitConformal.Choose([1, 2, 3, float.NaN, 5], null));
}
