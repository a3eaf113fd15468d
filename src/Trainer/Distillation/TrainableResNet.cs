using Edge.Training.Methods.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Edge.Training.Distillation;

/// <summary>Convolution without bias, then BatchNorm, by the names torchvision gives them.</summary>
internal sealed class ConvolutionNorm : nn.Module<Tensor, Tensor>
{
    private readonly string convolutionName, normName;
    private readonly Conv2d convolution;
    private readonly BatchNorm2d norm;

    public ConvolutionNorm(string convolutionName, string normName, int input, int output, int kernel, int stride, Random random) : base(nameof(ConvolutionNorm))
    {
        (this.convolutionName, this.normName) = (convolutionName, normName);
        convolution = nn.Conv2d(input, output, kernel, stride: stride, padding: kernel / 2, bias: false);
        Initialisation.He(convolution, random);
        norm = nn.BatchNorm2d(output);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => norm.call(convolution.call(x));

    public IEnumerable<(string Name, Tensor Tensor)> Tensors() =>
    [
        ($"{convolutionName}.weight", convolution.weight), ($"{normName}.weight", norm.weight!), ($"{normName}.bias", norm.bias!),
        ($"{normName}.running_mean", norm.running_mean!), ($"{normName}.running_var", norm.running_var!),
    ];
}

/// <summary>relu(second(relu(first(x))) + shortcut(x)).</summary>
internal sealed class TrainableBlock : nn.Module<Tensor, Tensor>
{
    private readonly ConvolutionNorm first, second;
    private readonly ConvolutionNorm? shortcut;

    public TrainableBlock(string name, int input, int output, int stride, Random random) : base(nameof(TrainableBlock))
    {
        first = new ConvolutionNorm($"{name}.conv1", $"{name}.bn1", input, output, 3, stride, random);
        second = new ConvolutionNorm($"{name}.conv2", $"{name}.bn2", output, output, 3, 1, random);
        shortcut = stride == 1 && input == output ? null : new ConvolutionNorm($"{name}.downsample.0", $"{name}.downsample.1", input, output, 1, stride, random);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => (second.call(first.call(x).relu_()) + (shortcut?.call(x) ?? x)).relu_();

    public IEnumerable<(string Name, Tensor Tensor)> Tensors() => [.. first.Tensors(), .. second.Tensors(), .. shortcut?.Tensors() ?? []];
}
