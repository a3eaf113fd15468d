namespace Edge.Training.Backbones;

/// <summary>
/// MobileNetV2 (Sandler et al., arXiv 1801.04381, table 2) up to its last block at 1/16, by torchvision's tensor names (<c>features.0.0</c>), or by
/// the operators' order (<c>op00_conv</c>) as in Google's TensorFlow Lite model, which pads as TensorFlow does. Widths are what the weights say.
/// layer1 to layer3 are the blocks' linear outputs before the next stride: 24, 32 and 96 channels at width 1.
/// </summary>
internal static class MobileNetV2
{
    // Rows of table 2 up to 1/16: expansion?, repeats, stride of the first.
    private static readonly (bool Expands, int Repeats, int Stride)[] Stages = [(false, 1, 1), (true, 2, 2), (true, 3, 2), (true, 4, 2), (true, 3, 1)];

    // (x − 128) / 128: the input quantisation of Google's model.
    private static readonly Normalisation TensorFlow = new([128 / 255f, 128 / 255f, 128 / 255f], [128 / 255f, 128 / 255f, 128 / 255f]);

    public static bool Recognises(WeightsFile file) => file.Contains("features.0.0.weight") || IsTensorFlow(file);

    /// <exception cref="EdgeException">A tensor is missing or has another shape.</exception>
    public static OperatorTrunk Read(WeightsFile file)
    {
        bool tensorFlow = IsTensorFlow(file);
        Padding padding = tensorFlow ? Padding.Same : Padding.Symmetric;
        OperatorList operators = new();
        Names names = new(tensorFlow);
        (string name, string norm) = names.Stem();
        Convolution stem = ConvolutionReader.Read(file, name, norm, input: 3, output: null, kernel: 3, stride: 2, padding: padding);
        int value = operators.Convolve(0, stem, Activation.Relu6), channels = stem.Out;
        List<int> layers = [];
        foreach ((bool expands, int repeats, int stride) in Stages)
        {
            for (int i = 0; i < repeats; i++)
                (value, channels) = Block(file, operators, names.Block(expands), value, channels, i == 0 ? stride : 1, padding);
            layers.Add(value);
        }
        // Stages 2, 3 and 5 are the last ones at 1/4, 1/8 and 1/16.
        return operators.ToTrunk("MobileNetV2", tensorFlow ? TensorFlow : Normalisation.ImageNet, layers[1], layers[2], layers[4]);
    }

    private static bool IsTensorFlow(WeightsFile file) => file.Contains("op00_conv.weight") && file.Contains("op01_dwconv.weight");

    private static (int Value, int Channels) Block(
        WeightsFile file, OperatorList operators, ((string Name, string Norm)? Expand, (string Name, string Norm) Depthwise, (string Name, string Norm) Project) names,
        int from, int input, int stride, Padding padding)
    {
        int value = from, hidden = input;
        if (names.Expand is { } expand)
        {
            Convolution wide = ConvolutionReader.Read(file, expand.Name, expand.Norm, input, null, 1, 1);
            (value, hidden) = (operators.Convolve(value, wide, Activation.Relu6), wide.Out);
        }
        value = operators.Convolve(value, ConvolutionReader.Read(file, names.Depthwise.Name, names.Depthwise.Norm, hidden, hidden, 3, stride, hidden, padding), Activation.Relu6);
        Convolution project = ConvolutionReader.Read(file, names.Project.Name, names.Project.Norm, hidden, null, 1, 1);
        value = operators.Convolve(value, project, Activation.None);
        return (stride == 1 && input == project.Out ? operators.Join(value, from, Activation.None) : value, project.Out);
    }

    /// <summary>Hands out the tensors' names (convolution, BatchNorm) in the network's order.</summary>
    private sealed class Names(bool tensorFlow)
    {
        private int next;

        public (string, string) Stem() => tensorFlow ? Operator("conv") : ($"features.{next}.0", $"features.{next++}.1");

        public ((string, string)? Expand, (string, string) Depthwise, (string, string) Project) Block(bool expands)
        {
            if (tensorFlow) return (expands ? Operator("conv") : null, Operator("dwconv"), Operator("conv"));
            string at = $"features.{next++}.conv";
            return expands
                ? (($"{at}.0.0", $"{at}.0.1"), ($"{at}.1.0", $"{at}.1.1"), ($"{at}.2", $"{at}.3"))
                : (null, ($"{at}.0.0", $"{at}.0.1"), ($"{at}.1", $"{at}.2"));
        }

        private (string, string) Operator(string kind) => ($"op{next:00}_{kind}", $"op{next++:00}_norm");
    }
}
