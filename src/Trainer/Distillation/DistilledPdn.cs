using Edge.Training.Backbones;
using Edge.Training.Methods.EfficientAd;
using Edge.Training.Methods.Networks;
using Edge.Training.Methods.PatchCore;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Edge.Training.Distillation;

/// <summary>
/// A PDN that learns the trunk's patch embedding (EfficientAD, section 3.1 and algorithm 3): layer2 and layer3 as PatchCore takes them, channels averaged
/// in groups to the PDN's number. The trunk sees the crop at twice the size, so its layer2 has the PDN's grid. BatchNorm stands before each ReLU while it
/// learns and is folded into the convolutions afterwards: in a few thousand steps it explains much more with than without.
/// </summary>
internal sealed class DistilledPdn : DistilledNetwork
{
    private readonly PatchDescriptionNetwork network;
    private readonly ModuleList<BatchNorm2d> norms = [];

    public DistilledPdn(PdnShape shape, int seed) : base(nameof(DistilledPdn), shape.Outputs)
    {
        network = new PatchDescriptionNetwork(shape, new Random(seed));
        foreach (PdnLayer layer in shape.Layers.SkipLast(1)) norms.Add(nn.BatchNorm2d(layer.Out));
        RegisterComponents();
        this.to(TorchRuntime.Device);
    }

    public override string Title => $"pdn-{network.Shape.Size} {string.Join(',', network.Shape.Layers.Select(l => l.Out))}";

    public override IReadOnlyList<(string Name, long[] Shape, float[] Values)> Weights()
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return [.. network.Convolutions.SelectMany((c, i) =>
        {
            (Tensor weight, Tensor bias) = (c.weight, c.bias!);
            if (i < norms.Count)
            {
                // γ (w∗x + b − μ) / √(σ² + ε) + β
                Tensor scale = norms[i].weight! * (norms[i].running_var! + norms[i].eps).rsqrt();
                (weight, bias) = (weight * scale.reshape(-1, 1, 1, 1), (bias - norms[i].running_mean!) * scale + norms[i].bias!);
            }
            return new (string, long[], float[])[] { ($"conv{i + 1}.weight", weight.shape, weight.Values<float>()), ($"conv{i + 1}.bias", bias.shape, bias.Values<float>()) };
        })];
    }

    public override Tensor[] Targets(TrunkNetwork teacher, Tensor crops)
    {
        (Tensor layer2, Tensor layer3) = teacher.Forward(crops);
        Tensor embedding = PatchEmbedding.Of(layer2, layer3);                                       // [N, h, w, D]
        if (embedding.shape[1] != crops.shape[1] / 8 || embedding.shape[2] != crops.shape[2] / 8)   // a custom network's grid
            embedding = nn.functional.interpolate(embedding.permute(0, 3, 1, 2), [crops.shape[1] / 8, crops.shape[2] / 8], mode: InterpolationMode.Bilinear, align_corners: false).permute(0, 2, 3, 1);
        (long n, long h, long w, long d) = (embedding.shape[0], embedding.shape[1], embedding.shape[2], embedding.shape[3]);
        Tensor pooled = nn.functional.adaptive_avg_pool1d(embedding.reshape(n, h * w, d), network.Shape.Outputs);
        return [pooled.reshape(n, h, w, network.Shape.Outputs).permute(0, 3, 1, 2)];
    }

    protected override Tensor[] Outputs(Tensor crops)
    {
        Tensor image = nn.functional.avg_pool2d(ImageTensor.Normalise(ImageTensor.Unit(crops)), 2);
        return [network.Convolutions[^1].call(network.Run(image, (layer, x) => norms[layer].call(x)))];
    }
}
