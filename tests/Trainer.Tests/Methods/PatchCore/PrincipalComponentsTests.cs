using Edge.Training.Methods.PatchCore;
using Xunit;

namespace Edge.Tests.Methods.PatchCore;

public sealed class PrincipalComponentsTests
{
    private const int Dimension = 6, Count = 5000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Independent directions of standard deviation 8, 4, 2, 1, 0.5 and 0 along known axes, far from the origin.</summary>
    private static PatchSample Sample(float offset, out double[][] axes)
    {
        Random random = new(3);
        // Gram-Schmidt of random vectors.
        axes = [.. Enumerable.Range(0, Dimension).Select(_ => Enumerable.Range(0, Dimension).Select(_ => random.NextDouble() - 0.5).ToArray())];
        for (int a = 0; a < Dimension; a++)
        {
            for (int b = 0; b < a; b++)
            {
                double dot = axes[a].Zip(axes[b], (x, y) => x * y).Sum();
                for (int i = 0; i < Dimension; i++) axes[a][i] -= dot * axes[b][i];
            }
            double length = Math.Sqrt(axes[a].Sum(x => x * x));
            for (int i = 0; i < Dimension; i++) axes[a][i] /= length;
        }
        float[] rows = new float[Count * Dimension];
        for (int r = 0; r < Count; r++)
        {
            for (int a = 0; a < Dimension; a++)
            {
                double deviation = a == Dimension - 1 ? 0 : 8 / Math.Pow(2, a), value = deviation * Math.Sqrt(12) * (random.NextDouble() - 0.5);
                for (int i = 0; i < Dimension; i++) rows[r * Dimension + i] += (float)(value * axes[a][i]);
            }
            for (int i = 0; i < Dimension; i++) rows[r * Dimension + i] += offset;
        }
        PatchSample sample = new(1, Count, Dimension, Count, 0);
        sample.Add(new string('0', 64), rows);
        return sample;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]   // a one-pass covariance in float32 would lose the small directions here
    public void The_axes_are_found_in_the_order_of_their_variance(float offset)
    {
        PatchSample sample = Sample(offset, out double[][] axes);
        PrincipalComponents found = PrincipalComponents.Of(sample, 5, 1, Ct);
        for (int a = 0; a < 5; a++)
        {
            double cosine = Enumerable.Range(0, Dimension).Sum(i => axes[a][i] * found.Matrix[i * 5 + a]);
            Assert.InRange(Math.Abs(cosine), 0.999, 1.00001);
        }
        Assert.InRange(found.Explained, 0.999999, 1);
        double all = 64 + 16 + 4 + 1 + 0.25;
        Assert.Equal((64 + 16) / all, PrincipalComponents.Of(sample, 2, 1, Ct).Explained, 0.01);
    }

    [Theory]
    [InlineData(0.7, 1)]
    [InlineData(0.9, 2)]
    [InlineData(0.97, 3)]
    [InlineData(0.995, 4)]
    public void A_share_of_the_variance_keeps_as_few_as_it_needs(double variance, int expected) =>
        Assert.Equal(expected, PrincipalComponents.Of(Sample(0, out _), null, variance, Ct).Count);

    [Fact]
    public void Distances_between_rows_of_so_few_directions_stay_and_reduced_rows_are_the_products()
    {
        PatchSample sample = Sample(10, out _);
        PrincipalComponents five = PrincipalComponents.Of(sample, 5, 1, Ct);
        PatchSample reduced = sample.Reduced(five);
        Assert.Equal((Count, 5), (reduced.Count, reduced.Dimension));
        for (int r = 1; r < 50; r++)
        {
            double Squared(PatchSample s) => Enumerable.Range(0, s.Dimension).Sum(i => Math.Pow(s.Rows[r * s.Dimension + i] - s.Rows[i], 2));
            Assert.Equal(Squared(sample), Squared(reduced), 1e-3 * Squared(sample));
            for (int k = 0; k < 5; k++)
            {
                double product = Enumerable.Range(0, Dimension).Sum(i => ((double)sample.Rows[r * Dimension + i] - five.Mean[i]) * five.Matrix[i * 5 + k]);
                Assert.Equal(product, reduced.Rows[r * 5 + k], 1e-4);
            }
        }
    }

    [Fact]
    public void Too_many_components_are_refused() =>
        Assert.Contains("6 values", Assert.Throws<EdgeException>(() => PrincipalComponents.Of(Sample(0, out _), 7, 1, Ct)).Message, StringComparison.Ordinal);
}
