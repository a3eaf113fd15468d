namespace Edge.Training.Backbones;

/// <summary>Convolutions out of a file of weights, with BatchNorm folded (<c>conv1.bias</c>) or raw (<c>bn1.*</c>, folded here).</summary>
internal static class ConvolutionReader
{
    private const double Epsilon = 1e-5;   // BatchNorm2d's default

    /// <param name="norm">Name of the BatchNorm that follows, if there is one.</param>
    /// <param name="output">Channels; null = as many as the file has.</param>
    /// <exception cref="EdgeException">A tensor is missing or has another shape.</exception>
    public static Convolution Read(
        WeightsFile file, string name, string norm, int input, int? output, int kernel, int stride, int groups = 1, Padding padding = Padding.Symmetric)
    {
        int width = output ?? WidthOf(file, name);
        float[] weight = file.Read($"{name}.weight", width, input / groups, kernel, kernel);
        float[] bias = !file.Contains($"{norm}.weight") ? file.Read($"{name}.bias", width) : Fold(file, name, norm, weight, width);
        return new Convolution(name, weight, bias, input, kernel, stride, groups, padding);
    }

    public static int WidthOf(WeightsFile file, string convolution) => file.ShapeOf($"{convolution}.weight", rank: 4)[0] is > 0 and <= 1 << 16 and var width
        ? (int)width : throw new EdgeException($"Weights file {file.Name} is refused: tensor {convolution}.weight does not have 1 to 65536 output channels.");

    /// <summary>y = γ (conv(x) + b − μ) / √(σ² + ε) + β, so each output channel's weights are scaled by γ / √(σ² + ε).</summary>
    /// <returns>The bias.</returns>
    private static float[] Fold(WeightsFile file, string name, string norm, float[] weight, int output)
    {
        float[] gamma = file.Read($"{norm}.weight", output), beta = file.Read($"{norm}.bias", output);
        float[] mean = file.Read($"{norm}.running_mean", output), variance = file.Read($"{norm}.running_var", output);
        float[] bias = file.Contains($"{name}.bias") ? file.Read($"{name}.bias", output) : new float[output];
        int perChannel = weight.Length / output;
        for (int channel = 0; channel < output; channel++)
        {
            if (variance[channel] < 0) throw new EdgeException($"Weights file {file.Name} is refused: tensor {norm}.running_var holds {variance[channel]}.");
            double scale = gamma[channel] / Math.Sqrt(variance[channel] + Epsilon);
            foreach (ref float w in weight.AsSpan(channel * perChannel, perChannel)) w = (float)(w * scale);
            bias[channel] = (float)(((double)bias[channel] - mean[channel]) * scale + beta[channel]);
        }
        return bias;
    }
}
