using Edge.Training.Methods.Networks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.Networks;

public sealed class ChannelStatisticsTests
{
    [Fact]
    public void They_equal_two_passes_in_double_precision_even_far_from_zero()
    {
        using DisposeScope scope = NewDisposeScope();
        // Means of up to 10,000 with deviations of 0.01: E[x²] − E[x]² in float32 would be noise.
        Random random = new(5);
        (int channels, int[] batches) = (3, [1, 4, 2]);
        List<double>[] seen = [[], [], []];
        using ChannelStatistics statistics = new(channels);
        foreach (int n in batches)
        {
            float[] values = new float[n * channels * 5 * 7];
            for (int i = 0; i < values.Length; i++)
            {
                int channel = i / 35 % channels;
                values[i] = (float)(Math.Pow(100, channel) + 0.01 * random.NextDouble());
                seen[channel].Add(values[i]);
            }
            statistics.Add(from_array(values).reshape(n, channels, 5, 7));
        }
        float[] mean = statistics.Mean().data<float>().ToArray(), deviation = statistics.Deviation().data<float>().ToArray();
        for (int channel = 0; channel < channels; channel++)
        {
            double expected = seen[channel].Average(), spread = Math.Sqrt(seen[channel].Average(v => (v - expected) * (v - expected)));
            Assert.Equal((float)expected, mean[channel]);
            Assert.Equal(spread, deviation[channel], 1e-6 * spread);
        }
    }

    [Fact]
    public void A_channel_that_never_changes_can_be_divided_by()
    {
        using DisposeScope scope = NewDisposeScope();
        using ChannelStatistics statistics = new(1);
        statistics.Add(full(2, 1, 3, 3, 7f));
        Assert.True(statistics.Deviation().item<float>() > 0);
    }
}
