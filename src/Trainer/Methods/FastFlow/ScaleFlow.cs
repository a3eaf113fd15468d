using Edge.Training.Methods.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Edge.Training.Methods.FastFlow;

/// <summary>
/// The flow of one feature scale. Features are layer-normalised over the whole picture (C, h and w), as the paper does for CNN
/// trunks, so any picture size works. LayerNorm's per-channel gain and offset are not trained: the likelihood would rise by merely shrinking
/// them, since their determinant is not counted. They are set once, to standardise each channel over the training pictures.
/// </summary>
internal sealed class ScaleFlow : nn.Module<Tensor, (Tensor Output, Tensor LogDeterminant)>
{
    public const double Epsilon = 1e-5;

    /// <summary>Added to a channel's variance, where the whole picture's is 1: a channel that is almost always 0 after ReLU is not amplified without bound.</summary>
    public const double LeastVariance = 0.1;

    private readonly ModuleList<FlowStep> steps = [];
    private readonly Tensor offset, gain;   // [1, C, 1, 1]

    public int Channels { get; }
    public IReadOnlyList<FlowStep> Steps => [.. steps];
    public float[] Offset => offset.Values<float>();
    public float[] Gain => gain.Values<float>();

    public ScaleFlow(int channels, FastFlowOptions options, Random random) : base(nameof(ScaleFlow))
    {
        Channels = channels;
        for (int i = 0; i < options.Steps; i++) steps.Add(new FlowStep(channels, i % 2 == 0 ? 3 : 1, options.HiddenRatio, random));
        offset = zeros(1, channels, 1, 1).DetachFromDisposeScope();
        gain = ones(1, channels, 1, 1).DetachFromDisposeScope();
        RegisterComponents();
    }

    /// <param name="features">[N, C, h, w] of the trunk.</param>
    public Tensor Normalise(Tensor features) => (LayerNorm(features) - offset) * gain;

    /// <param name="x">[N, C, h, w], normalised.</param>
    /// <returns>z [N, C, h, w] and log |det ∂z/∂x| [N].</returns>
    public override (Tensor Output, Tensor LogDeterminant) forward(Tensor x)
    {
        Tensor determinant = zeros(x.shape[0], device: x.device);
        foreach (FlowStep step in steps)
        {
            (x, Tensor one) = step.call(x);
            determinant = determinant + one;
        }
        return (x, determinant);
    }

    public Tensor Inverse(Tensor z) => steps.Reverse().Aggregate(z, (y, step) => step.Inverse(y));

    /// <summary>Sets gain and offset so that each channel has mean 0 and variance 1.</summary>
    /// <param name="statistics">Of the layer-normalised features.</param>
    public void Standardise(ChannelStatistics statistics)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        offset.copy_(statistics.Mean());
        gain.copy_((statistics.Deviation().square() + LeastVariance).rsqrt());
    }

    public static Tensor LayerNorm(Tensor x)
    {
        Tensor centred = x - x.mean([1, 2, 3], keepdim: true);
        return centred * (centred.square().mean([1, 2, 3], keepdim: true) + Epsilon).rsqrt();
    }
}
