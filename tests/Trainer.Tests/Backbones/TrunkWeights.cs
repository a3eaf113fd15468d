namespace Edge.Tests.Backbones;

/// <summary>Seeded random weights with torchvision's tensor names and raw BatchNorm, for architectures whose real weights aren't at hand.</summary>
internal sealed class TrunkWeights(int seed)
{
    private readonly Random random = new(seed);

    public Dictionary<string, (long[] Shape, float[] Values)> Tensors { get; } = [];

    /// <summary>Residual network up to layer3.</summary>
    /// <param name="width">Channels of the stem.</param>
    /// <param name="expansion">0 for basic blocks, 4 for bottlenecks.</param>
    /// <param name="wide">Inner over usual width of a bottleneck.</param>
    public static Dictionary<string, (long[] Shape, float[] Values)> ResNet(int seed, int width, int[] blocks, int expansion, int wide = 1, int groups = 1)
    {
        TrunkWeights weights = new(seed);
        weights.Convolution("conv1", "bn1", 3, width, 7);
        int input = width;
        for (int layer = 1; layer <= 3; layer++)
        {
            int usual = width << (layer - 1), output = Math.Max(expansion, 1) * usual;
            for (int block = 0; block < blocks[layer - 1]; block++)
            {
                string at = $"layer{layer}.{block}";
                if (expansion == 0)
                {
                    weights.Convolution($"{at}.conv1", $"{at}.bn1", input, usual, 3);
                    weights.Convolution($"{at}.conv2", $"{at}.bn2", usual, usual, 3);
                }
                else
                {
                    weights.Convolution($"{at}.conv1", $"{at}.bn1", input, usual * wide, 1);
                    weights.Convolution($"{at}.conv2", $"{at}.bn2", usual * wide / groups, usual * wide, 3);
                    weights.Convolution($"{at}.conv3", $"{at}.bn3", usual * wide, output, 1);
                }
                if (block == 0 && (layer > 1 || input != output)) weights.Convolution($"{at}.downsample.0", $"{at}.downsample.1", input, output, 1);
                input = output;
            }
        }
        return weights.Tensors;
    }

    /// <summary>MobileNetV2 up to its last block at 1/16; all widths divided by <paramref name="divisor"/>.</summary>
    public static Dictionary<string, (long[] Shape, float[] Values)> MobileNetV2(int seed, int divisor)
    {
        TrunkWeights weights = new(seed);
        int input = 32 / divisor, block = 0;
        weights.Convolution("features.0.0", "features.0.1", 3, input, 3);
        foreach ((int expansion, int channels, int repeats) in ((int, int, int)[])[(1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3)])
        {
            for (int i = 0; i < repeats; i++)
            {
                string at = $"features.{++block}.conv";
                int hidden = input * expansion, output = channels / divisor, part = 0;
                if (expansion > 1) weights.Convolution($"{at}.0.0", $"{at}.{part++}.1", input, hidden, 1);
                weights.Convolution($"{at}.{part}.0", $"{at}.{part++}.1", 1, hidden, 3);
                weights.Convolution($"{at}.{part}", $"{at}.{part + 1}", hidden, output, 1);
                input = output;
            }
        }
        return weights.Tensors;
    }

    /// <param name="inputs">Input channels of one group.</param>
    private void Convolution(string name, string norm, int inputs, int output, int kernel)
    {
        float scale = MathF.Sqrt(6f / (inputs * kernel * kernel));
        Add($"{name}.weight", -scale, scale, output, inputs, kernel, kernel);
        Add($"{norm}.weight", 0.5f, 1.5f, output);
        Add($"{norm}.bias", -0.3f, 0.3f, output);
        Add($"{norm}.running_mean", -0.3f, 0.3f, output);
        Add($"{norm}.running_var", 0.2f, 2, output);
    }

    private void Add(string name, float low, float high, params long[] shape)
    {
        float[] values = new float[shape.Aggregate((a, b) => a * b)];
        foreach (ref float value in values.AsSpan()) value = low + (high - low) * random.NextSingle();
        Tensors[name] = (shape, values);
    }
}
