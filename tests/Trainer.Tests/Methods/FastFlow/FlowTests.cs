using Edge.Training.Methods.FastFlow;
using Edge.Training.Methods.Networks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.FastFlow;

public sealed class FlowTests
{
    [Theory]
    [InlineData(6, 1)]
    [InlineData(6, 4)]
    [InlineData(5, 3)]    // odd: 2 channels condition 3
    [InlineData(32, 8)]
    public void A_flow_is_undone_by_its_inverse(int channels, int steps)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using ScaleFlow flow = Flow(channels, steps);
        Tensor x = Noise(1, 2, channels, 5, 4);
        (Tensor z, _) = flow.call(x);
        Assert.True((z - x).abs().mean().item<float>() > 0.2f, "the flow does something");
        Assert.InRange((flow.Inverse(z) - x).abs().max().item<float>(), 0, 1e-4f);
    }

    /// <summary>log |det ∂z/∂x| of each picture, from all h·w·C partial derivatives that autograd gives, against the sum of log-scales.</summary>
    [Theory]
    [InlineData(6, 1, 2, 3)]
    [InlineData(6, 4, 2, 3)]
    [InlineData(5, 6, 3, 2)]
    public void The_log_determinant_is_that_of_autograds_jacobian(int channels, int steps, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        using ScaleFlow flow = Flow(channels, steps);
        double largest = 0;
        for (int seed = 0; seed < 3; seed++)
        {
            Tensor x = Noise(seed, 1, channels, height, width).requires_grad_();
            (Tensor z, Tensor determinant) = flow.call(x);
            Tensor outputs = z.reshape(-1);
            Tensor jacobian = stack([.. Enumerable.Range(0, (int)outputs.shape[0]).Select(i => autograd.grad([outputs[i]], [x], retain_graph: true)[0].reshape(-1))]);
            (_, Tensor expected) = linalg.slogdet(jacobian.to(float64));
            largest = Math.Max(largest, Math.Abs(expected.item<double>()));
            Assert.Equal(expected.item<double>(), determinant[0].item<float>(), 1e-4);
        }
        Assert.True(largest > 0.2, $"{largest}: the determinants are not those of permutations");
    }

    [Fact]
    public void Log_scales_stay_within_the_clamp_whatever_the_subnet_says()
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using FlowStep step = new(6, 3, 1, new Random(1));
        step.Second.weight.fill_(1e6f);
        (Tensor y, Tensor determinant) = step.call(Noise(2, 1, 6, 4, 4));
        Assert.InRange(Math.Abs(determinant.item<float>()), 0, (float)FlowStep.Clamp * 3 * 16);
        Assert.True(y.isfinite().all().item<bool>());
    }

    [Fact]
    public void An_untrained_flow_scores_standardised_channels_by_their_squares()
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using ScaleFlow flow = new(4, new FastFlowOptions(), new Random(0));
        Tensor features = Noise(3, 8, 4, 16, 16) * tensor((float[])[1, 2, 3, 4], [1, 4, 1, 1]) + tensor((float[])[5, 0, -5, 1], [1, 4, 1, 1]);
        Tensor normal = ScaleFlow.LayerNorm(features);
        Assert.InRange(normal.mean([1, 2, 3]).abs().max().item<float>(), 0, 1e-5f);
        Assert.InRange(normal.square().mean([1, 2, 3]).sub(1).abs().max().item<float>(), 0, 1e-4f);
        Tensor wide = normal.to(float64);
        using ChannelStatistics statistics = new(4);
        statistics.Add(normal);
        flow.Standardise(statistics);
        (Tensor z, Tensor determinant) = flow.call(flow.Normalise(features));
        Assert.InRange(z.mean([0, 2, 3]).abs().max().item<float>(), 0, 1e-4f);
        Tensor variance = wide.var([0, 2, 3], unbiased: false)[torch.from_array(Array.ConvertAll(Order(flow), c => (long)c))];
        Assert.True(allclose(z.square().mean([0, 2, 3]).to(float64), variance / (variance + ScaleFlow.LeastVariance), rtol: 1e-4));
        Assert.Equal(0, determinant.abs().max().item<float>());
        Assert.Equal(flow.Normalise(features).square().mean().item<float>(), z.square().mean().item<float>(), 1e-4);
    }

    /// <summary>Channel of the input that an untrained flow puts at each place: its steps only permute.</summary>
    private static int[] Order(ScaleFlow flow) =>
        flow.Steps.Aggregate(Enumerable.Range(0, flow.Channels).ToArray(), (order, step) => [.. step.Permutation.Select(p => order[p])]);

    /// <summary>A flow whose subnets say something: their last convolution starts at zero.</summary>
    internal static ScaleFlow Flow(int channels, int steps)
    {
        ScaleFlow flow = new(channels, new FastFlowOptions { Steps = steps }, new Random(7));
        Randomise(flow, steps > 4 ? 2 : 5);   // many wild steps lose float32's digits, both ways
        return flow;
    }

    internal static void Randomise(ScaleFlow flow, float size)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int seed = 11;
        foreach (FlowStep step in flow.Steps)
        {
            step.Second.weight.copy_(Noise(seed++, step.Second.weight.shape) * (size / MathF.Sqrt(step.Second.weight.shape[1] * step.Kernel * step.Kernel)));
            step.Second.bias!.copy_(Noise(seed++, step.Second.bias.shape));
        }
    }

    internal static Tensor Noise(int seed, params long[] shape)
    {
        Random random = new(seed);
        return from_array(Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => (float)Enumerable.Range(0, 4).Sum(_ => random.NextDouble() - 0.5) * 1.7f).ToArray()).reshape(shape);
    }
}
