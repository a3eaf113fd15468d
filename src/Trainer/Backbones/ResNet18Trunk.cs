namespace Edge.Training.Backbones;

/// <summary>A convolution with bias, BatchNorm already folded in.</summary>
/// <param name="Weight">[Out, In, Kernel, Kernel], row-major.</param>
/// <param name="Bias">[Out].</param>
internal sealed record Convolution(string Name, float[] Weight, float[] Bias, int In, int Kernel, int Stride)
{
    public int Out => Bias.Length;
    public int Padding => Kernel / 2;
    public long[] Shape => [Out, In, Kernel, Kernel];
}

/// <summary>relu(second(relu(first(x))) + shortcut(x)); the shortcut is the identity where <paramref name="Downsample"/> is null.</summary>
internal sealed record BasicBlock(Convolution First, Convolution Second, Convolution? Downsample);

/// <summary>
/// ResNet-18 up to layer3: 7×7/2 stem, 3×3/2 max pooling, three layers of two basic blocks. Widths are what the weights say
/// (64, 128, 256 in torchvision's). Strides: stem 2, pool 2, layers 1, 2, 2; layer2 is at 1/8 and layer3 at 1/16 of the image.
/// </summary>
internal sealed record ResNet18Trunk(Convolution Stem, IReadOnlyList<BasicBlock> Layer1, IReadOnlyList<BasicBlock> Layer2, IReadOnlyList<BasicBlock> Layer3)
{
    private const double Epsilon = 1e-5;   // BatchNorm2d's default

    /// <summary>ImageNet statistics of RGB / 255; part of what the weights were trained with.</summary>
    public static IReadOnlyList<float> Mean { get; } = [0.485f, 0.456f, 0.406f];
    public static IReadOnlyList<float> StandardDeviation { get; } = [0.229f, 0.224f, 0.225f];

    public IReadOnlyList<IReadOnlyList<BasicBlock>> Layers => [Layer1, Layer2, Layer3];

    /// <summary>Reads torchvision's tensor names, with BatchNorm folded (<c>conv1.bias</c>) or raw (<c>bn1.*</c>). Other tensors are ignored.</summary>
    /// <exception cref="EdgeException">A tensor is missing or has another shape.</exception>
    public static ResNet18Trunk Read(Safetensors file)
    {
        Convolution stem = ReadConvolution(file, "conv1", "bn1", input: 3, WidthOf(file, "conv1"), kernel: 7, stride: 2);
        BasicBlock[] layer1 = ReadLayer(file, "layer1", stem.Out, stem.Out, stride: 1);
        BasicBlock[] layer2 = ReadLayer(file, "layer2", stem.Out, WidthOf(file, "layer2.0.conv1"), stride: 2);
        BasicBlock[] layer3 = ReadLayer(file, "layer3", layer2[1].Second.Out, WidthOf(file, "layer3.0.conv1"), stride: 2);
        return new ResNet18Trunk(stem, layer1, layer2, layer3);
    }

    private static int WidthOf(Safetensors file, string convolution) => file.ShapeOf($"{convolution}.weight", rank: 4)[0] is > 0 and var width
        ? (int)width : throw new EdgeException($"Weights file {file.Name} is refused: tensor {convolution}.weight has no output channels.");

    private static BasicBlock[] ReadLayer(Safetensors file, string layer, int input, int width, int stride) =>
    [
        new BasicBlock(
            ReadConvolution(file, $"{layer}.0.conv1", $"{layer}.0.bn1", input, width, 3, stride),
            ReadConvolution(file, $"{layer}.0.conv2", $"{layer}.0.bn2", width, width, 3, 1),
            stride == 1 ? null : ReadConvolution(file, $"{layer}.0.downsample.0", $"{layer}.0.downsample.1", input, width, 1, stride)),
        new BasicBlock(
            ReadConvolution(file, $"{layer}.1.conv1", $"{layer}.1.bn1", width, width, 3, 1),
            ReadConvolution(file, $"{layer}.1.conv2", $"{layer}.1.bn2", width, width, 3, 1),
            null),
    ];

    private static Convolution ReadConvolution(Safetensors file, string name, string norm, int input, int output, int kernel, int stride)
    {
        float[] weight = file.Read($"{name}.weight", output, input, kernel, kernel);
        if (!file.Contains($"{norm}.weight")) return new Convolution(name, weight, file.Read($"{name}.bias", output), input, kernel, stride);

        // y = γ (conv(x) + b − μ) / √(σ² + ε) + β, so each output channel's weights are scaled by γ / √(σ² + ε).
        float[] gamma = file.Read($"{norm}.weight", output), beta = file.Read($"{norm}.bias", output);
        float[] mean = file.Read($"{norm}.running_mean", output), variance = file.Read($"{norm}.running_var", output);
        float[] bias = file.Contains($"{name}.bias") ? file.Read($"{name}.bias", output) : new float[output];
        int perChannel = weight.Length / Math.Max(output, 1);
        for (int channel = 0; channel < output; channel++)
        {
            if (variance[channel] < 0) throw new EdgeException($"Weights file {file.Name} is refused: tensor {norm}.running_var holds {variance[channel]}.");
            double scale = gamma[channel] / Math.Sqrt(variance[channel] + Epsilon);
            foreach (ref float w in weight.AsSpan(channel * perChannel, perChannel)) w = (float)(w * scale);
            bias[channel] = (float)(((double)bias[channel] - mean[channel]) * scale + beta[channel]);
        }
        return new Convolution(name, weight, bias, input, kernel, stride);
    }
}
