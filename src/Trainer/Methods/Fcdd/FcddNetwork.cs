using Edge.Training.Backbones;
using Edge.Training.Methods.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Fcdd;

/// <summary>
/// What is trained: a 1×1 convolution of layer2 beside the upsampled layer3, ReLU, and the 1×1 head. The trunk is frozen; a few dozen normal pictures
/// would not train it. A 1×1 convolution and bilinear upsampling commute, so layer3's half is computed at layer3's size.
/// </summary>
internal sealed class FcddNetwork : nn.Module
{
    /// <summary>Added to a channel's variance, in units of the layer's mean variance: a channel that is almost always 0 is not amplified without bound.</summary>
    private const double LeastVariance = 0.1;

    /// <summary>The image score is of the largest 1 / TopShare of the map.</summary>
    public const int TopShare = 100;

    private readonly Conv2d layer2, layer3, head;
    private readonly Tensor offset2, gain2, offset3, gain3;   // [1, C, 1, 1]

    public FcddNetwork(Trunk trunk, int hidden, int seed) : base(nameof(FcddNetwork))
    {
        Random random = new(seed);
        int c2 = trunk.Layer2.Channels, c3 = trunk.Layer3.Channels;
        layer2 = Convolution(c2, hidden, c2 + c3, random);
        layer3 = Convolution(c3, hidden, c2 + c3, random, bias: false);
        head = Convolution(hidden, 1, hidden, random);
        (offset2, gain2) = (zeros(1, c2, 1, 1).DetachFromDisposeScope(), ones(1, c2, 1, 1).DetachFromDisposeScope());
        (offset3, gain3) = (zeros(1, c3, 1, 1).DetachFromDisposeScope(), ones(1, c3, 1, 1).DetachFromDisposeScope());
        RegisterComponents();
        this.to(TorchRuntime.Device);
    }

    public Conv2d Head => head;

    /// <summary>The first convolution as it applies to the trunk's own features: standardisation folded in. Weights [hidden, C, 1, 1] of each layer, and bias [hidden].</summary>
    public (Tensor Layer2, Tensor Layer3, Tensor Bias) Folded()
    {
        Tensor weight2 = layer2.weight * gain2, weight3 = layer3.weight * gain3;
        return (weight2, weight3, layer2.bias! - (weight2 * offset2).sum([1, 2, 3]) - (weight3 * offset3).sum([1, 2, 3]));
    }

    /// <param name="features">Of layer2 [N, C2, h, w] and layer3 [N, C3, h/2, w/2] (rounded up).</param>
    /// <returns>A(X), [N, 1, h, w], at least 0.</returns>
    public Tensor Heat(Tensor[] features)
    {
        Tensor fine = layer2.call((features[0] - offset2) * gain2), coarse = layer3.call((features[1] - offset3) * gain3);
        Tensor upsampled = nn.functional.interpolate(coarse, [fine.shape[2], fine.shape[3]], mode: InterpolationMode.Bilinear, align_corners: false);
        return FcddLoss.PseudoHuber(head.call((fine + upsampled).relu_()));
    }

    /// <returns>Anomaly map A'(X), [N, height, width].</returns>
    public Tensor Map(Tensor[] features, long height, long width) => ReceptiveFieldUpsampling.Apply(Heat(features), height, width);

    /// <summary>Image score: the mean of the map's largest hundredth. The largest value alone is noisier, the mean of all hides a small defect (docs/decisions.md).</summary>
    /// <param name="map">[N, H, W].</param>
    public static Tensor Score(Tensor map) => map.flatten(1).topk((int)Math.Max(map.shape[1] * map.shape[2] / TopShare, 1), dim: 1).values.mean([1]);

    /// <summary>Sets offsets and gains so that each channel has mean 0 and variance 1 over the training pictures.</summary>
    public void Standardise(ChannelStatistics[] layers)
    {
        using IDisposable inference = no_grad();
        foreach ((Tensor offset, Tensor gain, ChannelStatistics statistics) in ((Tensor, Tensor, ChannelStatistics)[])[(offset2, gain2, layers[0]), (offset3, gain3, layers[1])])
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor variance = statistics.Deviation().square();
            offset.copy_(statistics.Mean());
            gain.copy_((variance + variance.mean() * LeastVariance).rsqrt());
        }
    }

    private static Conv2d Convolution(int input, int output, int fanIn, Random random, bool bias = true)
    {
        Conv2d made = nn.Conv2d(input, output, 1, bias: bias);
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        float bound = MathF.Sqrt(6f / fanIn);   // He's uniform initialisation, drawn here so that a seed means the same in every version of torch
        made.weight.copy_(from_array((float[])[.. Enumerable.Range(0, input * output).Select(_ => bound * (2 * random.NextSingle() - 1))]).reshape(made.weight.shape));
        if (bias) made.bias!.zero_();
        return made;
    }
}
