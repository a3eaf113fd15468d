namespace Edge.Training.Backbones;

/// <summary>
/// Residual networks up to layer3: 7×7/2 stem, 3×3/2 max pooling, three layers of basic or bottleneck blocks, by torchvision's tensor names.
/// Depth, widths and groups are what the weights say: ResNet-18 to -152, Wide-ResNet, ResNeXt, and half-width ones such as edge18.
/// </summary>
internal static class ResNet
{
    private const string FirstBlock = "layer1.0.conv1.weight";

    // Blocks of layer1 to layer3. A file with another number has most likely lost some.
    private static readonly (int[] Blocks, bool Bottleneck, string Name)[] Known =
    [
        ([2, 2, 2], false, "18"), ([3, 4, 6], false, "34"), ([3, 4, 6], true, "50"), ([3, 4, 23], true, "101"), ([3, 8, 36], true, "152"),
    ];

    public static bool Recognises(WeightsFile file) => file.Contains("conv1.weight") || file.Contains(FirstBlock);

    /// <summary>Other tensors (layer4, fc) are ignored.</summary>
    /// <exception cref="EdgeException">A tensor is missing or has another shape.</exception>
    public static OperatorTrunk Read(WeightsFile file)
    {
        OperatorList operators = new();
        Convolution stem = ConvolutionReader.Read(file, "conv1", "bn1", input: 3, output: null, kernel: 7, stride: 2);
        int value = operators.MaxPool(operators.Convolve(0, stem, Activation.Relu)), channels = stem.Out;
        int[] layers = new int[3], blocks = new int[3];
        for (int layer = 1; layer <= 3; layer++)
        {
            int block = 0;
            // At least two, so that a file without them is told which tensor is missing.
            for (; block < 2 || file.Contains($"layer{layer}.{block}.conv1.weight"); block++)
                (value, channels) = Block(file, operators, $"layer{layer}.{block}", value, channels, stride: layer > 1 && block == 0 ? 2 : 1);
            (layers[layer - 1], blocks[layer - 1]) = (value, block);
        }
        return operators.ToTrunk(NameOf(file, blocks), Normalisation.ImageNet, layers);
    }

    private static (int Value, int Channels) Block(WeightsFile file, OperatorList operators, string at, int from, int input, int stride)
    {
        bool bottleneck = file.Contains($"{at}.conv3.weight");
        int width = ConvolutionReader.WidthOf(file, $"{at}.conv1"), output = bottleneck ? ConvolutionReader.WidthOf(file, $"{at}.conv3") : width;
        int shortcut = stride == 1 && input == output ? from
            : operators.Convolve(from, ConvolutionReader.Read(file, $"{at}.downsample.0", $"{at}.downsample.1", input, output, 1, stride), Activation.None);
        Convolution[] body = bottleneck
            ?
            [
                ConvolutionReader.Read(file, $"{at}.conv1", $"{at}.bn1", input, width, 1, 1),
                // The stride is the 3×3 convolution's, as in torchvision's ("v1.5").
                ConvolutionReader.Read(file, $"{at}.conv2", $"{at}.bn2", width, width, 3, stride, GroupsOf(file, $"{at}.conv2", width)),
                ConvolutionReader.Read(file, $"{at}.conv3", $"{at}.bn3", width, output, 1, 1),
            ]
            :
            [
                ConvolutionReader.Read(file, $"{at}.conv1", $"{at}.bn1", input, width, 3, stride),
                ConvolutionReader.Read(file, $"{at}.conv2", $"{at}.bn2", width, width, 3, 1),
            ];
        int value = from;
        foreach (Convolution c in body[..^1]) value = operators.Convolve(value, c, Activation.Relu);
        value = operators.Join(operators.Convolve(value, body[^1], Activation.None), shortcut, Activation.Relu);
        return (value, output);
    }

    private static int GroupsOf(WeightsFile file, string convolution, int width) =>
        file.ShapeOf($"{convolution}.weight", rank: 4)[1] is > 0 and var inputs && width % inputs == 0 ? (int)(width / inputs) : 1;

    private static string NameOf(WeightsFile file, int[] blocks)
    {
        bool bottleneck = file.Contains("layer1.0.conv3.weight");
        string depth = Known.FirstOrDefault(k => k.Bottleneck == bottleneck && k.Blocks.SequenceEqual(blocks)).Name
            ?? throw new EdgeException($"Weights file {file.Name} is refused: layer1 to layer3 have {string.Join(", ", blocks)} {(bottleneck ? "bottleneck" : "basic")} blocks; a ResNet has {string.Join(" or ", Known.Where(k => k.Bottleneck == bottleneck).Select(k => string.Join(", ", k.Blocks)))}.");
        if (!bottleneck) return $"ResNet-{depth}";
        long width = file.ShapeOf("layer1.0.conv2.weight", rank: 4)[0], inputs = file.ShapeOf("layer1.0.conv2.weight", rank: 4)[1];
        long ordinary = file.ShapeOf("layer1.0.conv3.weight", rank: 4)[0] / 4;
        return inputs != width ? $"ResNeXt-{depth}" : width > ordinary ? $"Wide-ResNet-{depth}-{width / Math.Max(ordinary, 1)}" : $"ResNet-{depth}";
    }
}
