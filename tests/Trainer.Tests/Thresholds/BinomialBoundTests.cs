using System.Globalization;
using Edge.Statistics;
using Edge.Tests.Evaluation;
using Edge.Training.Thresholds;
using Xunit;

namespace Edge.Tests.Thresholds;

public sealed class BinomialBoundTests
{
    [Fact]
    public void Equals_the_quantile_of_the_beta_distribution()
    {
        (long Events, long Trials)[] cases = [(0, 1), (0, 30), (1, 30), (29, 30), (7, 61), (0, 10_000), (250, 10_000), (9_000, 10_000), (5, 1_000_000)];
        double[] expected = ImageMetricsTests.Numbers(Python.Run(
            "import sys\nfrom scipy.stats import beta\nfor c in sys.argv[1:]:\n  k, n = map(int, c.split('/'))\n  print(repr(beta.ppf(0.95, k + 1, n - k)))",
            "scipy", [.. cases.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Events}/{c.Trials}"))]));
        for (int i = 0; i < cases.Length; i++) Assert.Equal(expected[i], BinomialBound.Upper(cases[i].Events, cases[i].Trials), 1e-9);
    }

    [Fact]
    public void All_or_nothing_promises_nothing()
    {
        Assert.Equal(1, BinomialBound.Upper(5, 5));
        Assert.Equal(1, BinomialBound.Upper(0, 0));
    }

    [Theory]
    [InlineData(0.0950, "9.5 %")]
    [InlineData(0.00299, "0.30 %")]
    [InlineData(0.000123, "0.012 %")]
    [InlineData(0, "0.0 %")]
    [InlineData(1, "100.0 %")]
    public void Percentages_keep_two_digits(double share, string text) => Assert.Equal(text, ObservedRate.Percent(share));
}
