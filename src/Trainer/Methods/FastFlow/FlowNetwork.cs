using Edge.Training.Backbones;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Edge.Training.Methods.FastFlow;

/// <summary>One flow for each of the trunk's coarsest scales, all of them unless told otherwise. What is trained; the trunk is frozen.</summary>
internal sealed class FlowNetwork : nn.Module
{
    private readonly ModuleList<ScaleFlow> scales = [];

    public IReadOnlyList<ScaleFlow> Scales => [.. scales];

    /// <exception cref="EdgeException">The trunk has fewer scales than asked for.</exception>
    public FlowNetwork(Trunk trunk, FastFlowOptions options) : base(nameof(FlowNetwork))
    {
        Random random = new(options.Seed);
        int count = options.Scales ?? trunk.Features.Count;
        if (count > trunk.Features.Count) throw new EdgeException($"--scales {count}: {trunk.Architecture} has {trunk.Features.Count} feature maps.");
        foreach (TrunkFeature feature in trunk.Features.TakeLast(count)) scales.Add(new ScaleFlow(feature.Channels, options, random));
        RegisterComponents();
        this.to(TorchRuntime.Device);
    }

    /// <summary>The trunk's features as the flows take them, [N, C, h, w] of each scale.</summary>
    /// <param name="features">Of each scale.</param>
    public Tensor[] Normalise(IReadOnlyList<Tensor> features) => [.. scales.Zip(features, (scale, x) => scale.Normalise(x))];

    /// <summary>
    /// Negative log-likelihood of each picture per feature, less the constant ½ log 2π: (½ Σ z² − log |det|) / (C · h · w), the mean over scales.
    /// Per feature, because the scales' sizes differ by four.
    /// </summary>
    /// <param name="features">Normalised.</param>
    /// <returns>[N].</returns>
    public Tensor NegativeLogLikelihood(IReadOnlyList<Tensor> features)
    {
        Tensor? sum = null;
        for (int i = 0; i < scales.Count; i++)
        {
            (Tensor z, Tensor determinant) = scales[i].call(features[i]);
            Tensor scale = z.square().mean([1, 2, 3]) / 2 - determinant / (z.numel() / z.shape[0]);
            sum = sum is null ? scale : sum + scale;
        }
        return sum! / scales.Count;
    }

    /// <summary>Anomaly map: −log p(z) of each place, less its constant, per channel: ½ mean z² over channels, upsampled, the mean over scales.</summary>
    /// <param name="features">Normalised.</param>
    /// <returns>[N, height, width].</returns>
    public Tensor Map(IReadOnlyList<Tensor> features, long height, long width)
    {
        Tensor? sum = null;
        for (int i = 0; i < scales.Count; i++)
        {
            (Tensor z, _) = scales[i].call(features[i]);
            Tensor place = z.square().mean([1], keepdim: true) / 2;   // [N, 1, h, w]
            Tensor map = nn.functional.interpolate(place, [height, width], mode: InterpolationMode.Bilinear, align_corners: false);
            sum = sum is null ? map : sum + map;
        }
        return (sum! / scales.Count).squeeze(1);
    }
}
