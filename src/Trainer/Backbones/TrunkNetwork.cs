using static TorchSharp.torch;

namespace Edge.Training.Backbones;

/// <summary>The trunk in TorchSharp, for inference. Owns its tensors; not thread-safe.</summary>
internal sealed class TrunkNetwork : IDisposable
{
    private readonly ResNet18Trunk trunk;
    private readonly Dictionary<Convolution, (Tensor Weight, Tensor Bias)> tensors = [];
    private readonly Tensor mean, deviation;

    public Device Device { get; }

    public TrunkNetwork(ResNet18Trunk trunk, Device? device = null)
    {
        (this.trunk, Device) = (trunk, device ?? TorchRuntime.Device);
        foreach (Convolution c in Convolutions(trunk))
            tensors[c] = (tensor(c.Weight, c.Shape, device: Device).DetachFromDisposeScope(), tensor(c.Bias, device: Device).DetachFromDisposeScope());
        mean = tensor([.. ResNet18Trunk.Mean], [1, 3, 1, 1], device: Device).DetachFromDisposeScope();
        deviation = tensor([.. ResNet18Trunk.StandardDeviation], [1, 3, 1, 1], device: Device).DetachFromDisposeScope();
    }

    /// <param name="image">uint8 [N, H, W, 3], RGB.</param>
    /// <returns>float32 [N, C2, H/8, W/8] and [N, C3, H/16, W/16] (rounded up), owned by the caller's dispose scope.</returns>
    public (Tensor Layer2, Tensor Layer3) Forward(Tensor image)
    {
        (_, Tensor layer2, Tensor layer3) = Layers(image);
        return (layer2, layer3);
    }

    /// <param name="image">uint8 [N, H, W, 3], RGB.</param>
    /// <returns>float32 [N, C1, H/4, W/4], [N, C2, H/8, W/8] and [N, C3, H/16, W/16] (rounded up), owned by the caller's dispose scope.</returns>
    public (Tensor Layer1, Tensor Layer2, Tensor Layer3) Layers(Tensor image)
    {
        Tensor x = (image.to(Device).permute(0, 3, 1, 2).to_type(ScalarType.Float32) / 255 - mean) / deviation;
        x = nn.functional.max_pool2d(Apply(trunk.Stem, x).relu_(), kernel_size: 3, stride: 2, padding: 1);
        Tensor layer1 = Apply(trunk.Layer1, x), layer2 = Apply(trunk.Layer2, layer1);
        return (layer1, layer2, Apply(trunk.Layer3, layer2));
    }

    public void Dispose()
    {
        foreach ((Tensor weight, Tensor bias) in tensors.Values)
        {
            weight.Dispose();
            bias.Dispose();
        }
        mean.Dispose();
        deviation.Dispose();
    }

    private Tensor Apply(IReadOnlyList<BasicBlock> layer, Tensor x) => layer.Aggregate(x, (input, block) =>
    {
        Tensor shortcut = block.Downsample is null ? input : Apply(block.Downsample, input);
        return (Apply(block.Second, Apply(block.First, input).relu_()) + shortcut).relu_();
    });

    private Tensor Apply(Convolution c, Tensor x)
    {
        (Tensor weight, Tensor bias) = tensors[c];
        return nn.functional.conv2d(x, weight, bias, strides: [c.Stride, c.Stride], padding: [c.Padding, c.Padding]);
    }

    private static IEnumerable<Convolution> Convolutions(ResNet18Trunk trunk) => trunk.Layers.SelectMany(layer => layer)
        .SelectMany(block => new[] { block.First, block.Second, block.Downsample }).OfType<Convolution>().Prepend(trunk.Stem);
}
