using Edge.Training.Backbones;
using Edge.Training.Methods.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Edge.Training.Distillation;

/// <summary>
/// A ResNet-18 trunk of half its width (32, 64 and 128 channels) that learns another trunk's three layers through 1×1 heads, which are dropped
/// afterwards: how the embedded edge18 was made. Both see the same crops.
/// </summary>
internal sealed class DistilledTrunk : DistilledNetwork
{
    private static readonly int[] Widths = [32, 64, 128];

    private readonly ConvolutionNorm stem;
    private readonly ModuleList<TrainableBlock> blocks = [];
    private readonly ModuleList<Conv2d> heads = [];

    /// <exception cref="EdgeException">The teacher has no three layers.</exception>
    public DistilledTrunk(Trunk teacher, int seed) : this(ChannelsOf(teacher), seed) { }

    private DistilledTrunk(int[] targets, int seed) : base(nameof(DistilledTrunk), targets)
    {
        Random random = new(seed);
        stem = new ConvolutionNorm("conv1", "bn1", 3, Widths[0], 7, 2, random);
        for (int layer = 0; layer < Widths.Length; layer++)
        {
            blocks.Add(new TrainableBlock($"layer{layer + 1}.0", Widths[Math.Max(layer - 1, 0)], Widths[layer], layer == 0 ? 1 : 2, random));
            blocks.Add(new TrainableBlock($"layer{layer + 1}.1", Widths[layer], Widths[layer], 1, random));
            Conv2d head = nn.Conv2d(Widths[layer], targets[layer], 1);
            Initialisation.He(head, random, gain: 0.1f);
            heads.Add(head);
        }
        RegisterComponents();
        this.to(TorchRuntime.Device);
    }

    public override string Title => $"resnet18 {string.Join(',', Widths)}";

    public override IReadOnlyList<(string Name, long[] Shape, float[] Values)> Weights() =>
        [.. stem.Tensors().Concat(blocks.SelectMany(b => b.Tensors())).Select(t => (t.Name, t.Tensor.shape, t.Tensor.Values<float>()))];

    public override Tensor[] Targets(TrunkNetwork teacher, Tensor crops)
    {
        (Tensor layer1, Tensor layer2, Tensor layer3) = teacher.Layers(crops);
        return [layer1, layer2, layer3];
    }

    private static int[] ChannelsOf(Trunk teacher) => teacher.Features.Count == Widths.Length ? [.. teacher.Features.Select(f => f.Channels)]
        : throw new EdgeException($"--student edge18 learns three layers of a trunk; {teacher.Architecture} gives {teacher.Features.Count}.");

    protected override Tensor[] Outputs(Tensor crops)
    {
        Tensor x = nn.functional.max_pool2d(stem.call(ImageTensor.Normalise(ImageTensor.Unit(crops))).relu_(), kernel_size: 3, stride: 2, padding: 1);
        Tensor[] outputs = new Tensor[Widths.Length];
        for (int layer = 0; layer < Widths.Length; layer++)
        {
            x = blocks[2 * layer + 1].call(blocks[2 * layer].call(x));
            outputs[layer] = heads[layer].call(x);
        }
        return outputs;
    }
}
