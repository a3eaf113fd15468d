using Edge.Tests.Methods.FastFlow;
using Edge.Training.Backbones;
using Edge.Training.Methods.Fcdd;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.Fcdd;

public sealed class ReceptiveFieldUpsamplingTests
{
    [Theory]
    [InlineData(64, 64)]
    [InlineData(50, 91)]     // not a multiple of 8, and odd
    [InlineData(33, 128)]
    [InlineData(8, 1)]
    public void The_map_is_the_naive_sum_of_gaussians_and_so_is_its_gradient(int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        int h = (height + 7) / 8, w = (width + 7) / 8;
        Tensor values = FlowTests.Noise(1, 2, 1, h, w).requires_grad_(), weights = FlowTests.Noise(2, 2, height, width);
        Tensor map = ReceptiveFieldUpsampling.Apply(values, height, width);
        (map * weights).sum().backward();
        float[] v = values.detach().data<float>().ToArray(), u = weights.data<float>().ToArray();
        double[] expected = new double[2 * height * width], gradient = new double[v.Length];
        for (int n = 0; n < 2; n++)
        {
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    double all = 0, sum = 0;
                    for (int i = 0; i < h; i++) for (int j = 0; j < w; j++) all += Gaussian(y - 8 * i) * Gaussian(x - 8 * j);
                    for (int i = 0; i < h; i++)
                    {
                        for (int j = 0; j < w; j++)
                        {
                            double share = Gaussian(y - 8 * i) * Gaussian(x - 8 * j) / all;
                            sum += share * v[(n * h + i) * w + j];
                            gradient[(n * h + i) * w + j] += share * u[(n * height + y) * width + x];
                        }
                    }
                    expected[(n * height + y) * width + x] = sum;
                }
            }
        }
        AssertClose(expected, map.detach());
        AssertClose(gradient, values.grad!);
    }

    [Fact]
    public void A_constant_stays_constant_up_to_the_border_and_a_single_value_peaks_at_its_receptive_fields_centre()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.True(allclose(ReceptiveFieldUpsampling.Apply(full([1, 1, 9, 7], 2.5f), 70, 51), full([1, 70, 51], 2.5f), rtol: 1e-5));
        Tensor one = zeros(1, 1, 16, 16);
        one[0, 0, 5, 9] = 1;
        Assert.Equal(5 * 8 * 128 + 9 * 8, ReceptiveFieldUpsampling.Apply(one, 128, 128).argmax().item<long>());
    }

    /// <summary>Pixels more than 49 from 8 · i on either side are not seen by layer2's value i, and those just inside are.</summary>
    [Fact]
    public void Layer2s_value_i_looks_at_the_pixels_around_8i()
    {
        const int at = 10, reach = 49, size = 192;
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using TrunkNetwork trunk = new(Backbone.Load(null).Trunk);
        Tensor picture = Picture(1);
        Tensor Column(Tensor image) => trunk.Forward(image).Layer2[0, .., .., at];
        Tensor before = Column(picture);
        Tensor With(int from, int to)
        {
            Tensor changed = picture.clone();
            changed[.., .., from..to] = Picture(2)[.., .., from..to];
            return Column(changed);
        }
        Assert.Equal(0, (With(0, 8 * at - reach) - before).abs().max().item<float>());
        Assert.Equal(0, (With(8 * at + reach + 1, size) - before).abs().max().item<float>());
        Assert.NotEqual(0, (With(0, 8 * at - reach + 3) - before).abs().max().item<float>());
        Assert.NotEqual(0, (With(8 * at + reach - 2, size) - before).abs().max().item<float>());

        static Tensor Picture(int seed) => (FlowTests.Noise(seed, 1, size, size, 3) * 60 + 127).clamp(0, 255).to(uint8);
    }

    private static double Gaussian(int distance) =>
        Math.Abs(distance) > ReceptiveFieldUpsampling.Radius ? 0 : Math.Exp(-distance * distance / (2 * ReceptiveFieldUpsampling.Sigma * ReceptiveFieldUpsampling.Sigma));

    private static void AssertClose(double[] expected, Tensor actual)
    {
        float[] values = actual.data<float>().ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++) Assert.Equal(expected[i], values[i], 1e-4);
    }
}
