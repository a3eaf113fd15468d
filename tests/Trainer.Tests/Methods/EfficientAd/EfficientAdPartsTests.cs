using Edge.Training.Methods.EfficientAd;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.EfficientAd;

/// <summary>The pieces against their definitions.</summary>
public sealed class EfficientAdPartsTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(2, 5, 7)]
    [InlineData(8, 16, 16)]
    [InlineData(11, 13, 14)]   // 2,002 values: the quantile lies between two of them
    public void The_hard_feature_loss_equals_a_loop_over_sorted_values(int channels, int h, int w)
    {
        Random random = new(channels);
        float[] a = Values(random, channels * h * w), b = Values(random, channels * h * w);
        float[] squares = [.. a.Zip(b, (x, y) => (x - y) * (x - y)).Order()];
        double position = 0.999 * (squares.Length - 1), part = position - Math.Floor(position);
        double quantile = squares[(int)position] + (part == 0 ? 0 : part * (squares[(int)position + 1] - (double)squares[(int)position]));
        double sum = 0;
        int count = 0;
        foreach (float square in squares)
        {
            if (square < quantile) continue;
            sum += square;
            count++;
        }
        Tensor loss = HardFeatureLoss.Of(from_array(a).reshape(1, channels, h, w), from_array(b).reshape(1, channels, h, w));
        Assert.Equal(sum / count, loss.item<float>(), 1e-5 * sum / count);
    }

    [Fact]
    public void Only_hard_features_have_a_gradient()
    {
        Tensor student = zeros(1, 4, 50, 50, requires_grad: true);
        Tensor teacher = arange(10_000, float32).reshape(1, 4, 50, 50);
        HardFeatureLoss.Of(teacher, student).backward();
        Assert.Equal(10, student.grad!.ne(0).sum().item<long>());   // ⌈0.999 · 9,999⌉ = 9,990 are easier
        Assert.Equal(-2 * 9_999f / 10, student.grad![0, 3, 49, 49].item<float>(), 1f);
    }

    [Fact]
    public void Quantiles_lie_between_sorted_values_and_become_0_and_a_tenth()
    {
        float[] values = Values(new Random(3), 1234);
        float[] sorted = [.. values.Order()];
        MapQuantiles quantiles = MapQuantiles.Of(values);
        foreach ((double share, float actual) in ((double, float)[])[(0.9, quantiles.Low), (0.995, quantiles.High)])
        {
            // All values up to the quantile's place lie below it, all from the next on above.
            int below = (int)Math.Floor(share * 1233);
            double part = share * 1233 - below;
            Assert.Equal(sorted[below] * (1 - part) + sorted[below + 1] * part, actual, 1e-6);
        }
        Assert.Equal(0, quantiles.Low * quantiles.Scale + quantiles.Offset, 1e-6f);
        Assert.Equal(0.1f, quantiles.High * quantiles.Scale + quantiles.Offset, 1e-6f);
        MapQuantiles constant = MapQuantiles.Of([.. Enumerable.Repeat(5f, 100)]);
        Assert.True(float.IsFinite(constant.Scale) && float.IsFinite(constant.Offset));
        Assert.Equal((7, 7), (MapQuantiles.Of([7]).Low, MapQuantiles.Of([7]).High));
    }

    [Fact]
    public void A_picture_is_changed_in_brightness_contrast_or_saturation_by_at_most_a_fifth()
    {
        Tensor image = rand(1, 3, 8, 8) * 0.5 + 0.2;
        float[] before = image.data<float>().ToArray();
        Dictionary<string, int> seen = [];
        for (int seed = 0; seed < 60; seed++)
        {
            float[] after = PhotometricChange.Apply(image, new Random(seed)).data<float>().ToArray();
            double[] ratios = [.. after.Zip(before, (a, b) => (double)a / b)];
            double Luma(float[] p, int i) => 0.299 * p[i] + 0.587 * p[64 + i] + 0.114 * p[128 + i];
            double mean = Enumerable.Range(0, 64).Average(i => Luma(before, i));
            double[] contrasts = [.. after.Select((a, i) => (a - mean) / (before[i] - mean))], saturations = [.. after.Select((a, i) => (a - Luma(before, i % 64)) / (before[i] - Luma(before, i % 64)))];
            string kind = Constant(ratios) ? "brightness" : Constant(contrasts) ? "contrast" : Constant(saturations) ? "saturation" : "other";
            seen[kind] = seen.GetValueOrDefault(kind) + 1;
        }
        Assert.Equal(["brightness", "contrast", "saturation"], seen.Keys.Order());
        Assert.All(seen.Values, count => Assert.InRange(count, 8, 35));

        // The same factor everywhere, 0.8 to 1.2; differences near 0 round.
        static bool Constant(double[] factors) => factors.Order().ElementAt(factors.Length / 2) is var middle && middle is > 0.799 and < 1.201 && factors.Count(f => Math.Abs(f - middle) < 1e-3) > 0.9 * factors.Length;
    }

    [Theory]
    [InlineData(256, 256)]
    [InlineData(64, 96)]
    public void The_autoencoder_gives_the_teachers_grid_and_drops_out_only_in_training(int height, int width)
    {
        using IDisposable inference = no_grad();
        using Autoencoder autoencoder = new(height, width, 5, new Random(1));
        Tensor image = rand(1, 3, height, width);
        Tensor used = autoencoder.call(image);
        Assert.Equal([1, 5, height / 4, width / 4], used.shape);
        Assert.Equal(used.data<float>().ToArray(), autoencoder.call(image).data<float>().ToArray());
        using Generator first = new(1), again = new(1);
        Tensor dropped = autoencoder.Run(image, first);
        Assert.NotEqual(used.data<float>().ToArray(), dropped.data<float>().ToArray());
        Assert.Equal(dropped.data<float>().ToArray(), autoencoder.Run(image, again).data<float>().ToArray());
        Assert.Equal(height == 256 ? [3, 8, 15, 32, 63, 127, 64, 64] : [1, 2, 4, 8, 16, 32, 16, 16], autoencoder.Decoder.Select(d => d.Height));
    }

    [Fact]
    public void A_standardised_network_gives_standardised_outputs_and_a_part_is_a_part()
    {
        using IDisposable inference = no_grad();
        using PatchDescriptionNetwork network = new(PdnShape.Of("small", 1.0 / 16), new Random(2));
        Tensor image = rand(2, 3, 64, 64), mean = rand(1, 24, 1, 1), deviation = rand(1, 24, 1, 1) + 0.1;
        Tensor expected = (network.call(image) - mean) / deviation;
        network.Standardise(mean, deviation);
        Assert.True(network.call(image).allclose(expected, rtol: 1e-4, atol: 1e-5));
        Assert.True(network.Part(image, 3, 9).allclose(expected[.., 3..9], rtol: 1e-4, atol: 1e-5));
    }

    private static float[] Values(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 4))];
}
