using Edge.Training.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Backbones;

/// <summary>A frozen trunk at work: in TorchSharp, or, a custom network, in ONNX Runtime. Owns its tensors; not thread-safe.</summary>
internal sealed class TrunkNetwork : IDisposable
{
    private readonly Trunk trunk;
    private readonly Dictionary<Convolution, (Tensor Weight, Tensor Bias)> tensors = new(ReferenceEqualityComparer.Instance);
    private readonly OnnxSession? custom;
    private readonly Tensor mean, deviation;

    public Device Device { get; }

    public TrunkNetwork(Trunk trunk, Device? device = null)
    {
        (this.trunk, Device) = (trunk, device ?? TorchRuntime.Device);
        if (trunk is OnnxTrunk onnx) custom = new OnnxSession(onnx.Network, onnx.Layers);
        else foreach (Convolution c in ((OperatorTrunk)trunk).Convolutions)
            tensors[c] = (tensor(c.Weight, c.Shape, device: Device).DetachFromDisposeScope(), tensor(c.Bias, device: Device).DetachFromDisposeScope());
        // Of 0 to 255. Tensors, not numbers: see TorchRuntime.Start.
        mean = tensor([.. trunk.Input.Mean.Select(m => m * 255)], [1, 3, 1, 1], device: Device).DetachFromDisposeScope();
        deviation = tensor([.. trunk.Input.StandardDeviation.Select(d => d * 255)], [1, 3, 1, 1], device: Device).DetachFromDisposeScope();
    }

    /// <param name="image">uint8 [N, H, W, 3], RGB.</param>
    /// <returns>The two coarsest: float32 [N, C2, H/8, W/8] and [N, C3, H/16, W/16] (rounded up), owned by the caller's dispose scope.</returns>
    public (Tensor Layer2, Tensor Layer3) Forward(Tensor image)
    {
        Tensor[] features = Features(image);
        return (features[^2], features[^1]);
    }

    /// <param name="image">uint8 [N, H, W, 3], RGB.</param>
    /// <returns>float32 [N, C1, H/4, W/4], [N, C2, H/8, W/8] and [N, C3, H/16, W/16] (rounded up), owned by the caller's dispose scope.</returns>
    public (Tensor Layer1, Tensor Layer2, Tensor Layer3) Layers(Tensor image)
    {
        Tensor[] features = Features(image);
        return (features[^3], features[^2], features[^1]);
    }

    /// <summary>All features of the trunk, in its order.</summary>
    /// <param name="image">uint8 [N, H, W, 3], RGB.</param>
    /// <returns>float32 [N, C, h, w] each, owned by the caller's dispose scope.</returns>
    public Tensor[] Features(Tensor image)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = (image.to(Device).permute(0, 3, 1, 2).to_type(ScalarType.Float32) - mean) / deviation;
        Tensor[] features = trunk is OperatorTrunk operators ? OperatorNetwork.Run(operators, x, c => tensors[c])
            : [.. custom!.Run(x.Values<float>(), (int)x.shape[0], (int)x.shape[2], (int)x.shape[3]).Select(f => tensor(f.Values, f.Shape, device: Device))];
        return [.. features.Select(f => f.MoveToOuterDisposeScope())];
    }

    public void Dispose()
    {
        custom?.Dispose();
        foreach ((Tensor weight, Tensor bias) in tensors.Values)
        {
            weight.Dispose();
            bias.Dispose();
        }
        mean.Dispose();
        deviation.Dispose();
    }
}
