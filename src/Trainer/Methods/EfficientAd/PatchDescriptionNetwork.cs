using Edge.Training.Backbones;
using Edge.Training.Methods.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Edge.Training.Methods.EfficientAd;

/// <summary>The PDN of EfficientAD (arXiv 2303.14535, section 3.1): a patch of 33×33 pixels → a vector, four or six convolutions.</summary>
internal sealed class PatchDescriptionNetwork : nn.Module<Tensor, Tensor>
{
    private readonly ModuleList<Conv2d> convolutions = [];

    public PdnShape Shape { get; }

    public IReadOnlyList<Conv2d> Convolutions => [.. convolutions];

    public PatchDescriptionNetwork(PdnShape shape, Random random) : base(nameof(PatchDescriptionNetwork))
    {
        Shape = shape;
        foreach (PdnLayer layer in shape.Layers)
        {
            Conv2d convolution = nn.Conv2d(layer.In, layer.Out, layer.Kernel, padding: layer.Padding);
            Initialisation.He(convolution, random, gain: convolutions.Count == shape.Layers.Count - 1 ? 0.1f : 1);
            convolutions.Add(convolution);
        }
        RegisterComponents();
        this.to(TorchRuntime.Device);
    }

    /// <summary>With the weights of <paramref name="file"/>: conv1, conv2, …</summary>
    /// <exception cref="EdgeException">It holds no such network.</exception>
    public static PatchDescriptionNetwork Read(Safetensors file)
    {
        PatchDescriptionNetwork network = new(PdnShape.Of(file), new Random(0));
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor tensor) in network.Tensors()) tensor.copy_(from_array(file.Read(name, tensor.shape)).reshape(tensor.shape));
        return network;
    }

    /// <param name="image">float32 [N, 3, H, W], normalised by ImageNet's statistics.</param>
    /// <returns>float32 [N, C, ⌈H/4⌉, ⌈W/4⌉].</returns>
    public override Tensor forward(Tensor image) => convolutions[^1].call(Run(image, (_, x) => x));

    /// <summary>Some of the outputs only, at the price of some.</summary>
    /// <returns>float32 [N, to − from, ⌈H/4⌉, ⌈W/4⌉].</returns>
    public Tensor Part(Tensor image, int from, int to)
    {
        Conv2d last = convolutions[^1];
        return nn.functional.conv2d(Run(image, (_, x) => x), last.weight[from..to], last.bias![from..to]);   // no padding
    }

    /// <summary>All layers but the last.</summary>
    /// <param name="between">Layer and what its convolution gave → what goes on.</param>
    public Tensor Run(Tensor image, Func<int, Tensor, Tensor> between)
    {
        Tensor x = image;
        for (int i = 0; i < convolutions.Count - 1; i++)
        {
            x = between(i, convolutions[i].call(x)).relu_();
            if (Shape.Layers[i].Pool) x = nn.functional.avg_pool2d(x, kernel_size: 2, stride: 2, padding: 1);
        }
        return x;
    }

    /// <summary>From now on every output has mean 0 and deviation 1 where it had these: (x − μ) / σ goes into the last convolution.</summary>
    /// <param name="mean">[1, C, 1, 1].</param>
    /// <param name="deviation">[1, C, 1, 1].</param>
    public void Standardise(Tensor mean, Tensor deviation)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Conv2d last = convolutions[^1];
        last.weight.div_(deviation.reshape(-1, 1, 1, 1));
        last.bias!.sub_(mean.reshape(-1)).div_(deviation.reshape(-1));
    }

    /// <summary>Weights by the names they have in a file.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Tensors() => convolutions.SelectMany((c, i) => new (string, Tensor)[] { ($"conv{i + 1}.weight", c.weight), ($"conv{i + 1}.bias", c.bias!) });
}
