using static TorchSharp.torch;

namespace Edge.Training.Backbones;

/// <summary>Runs a trunk's operators in TorchSharp, with whatever tensors its convolutions are given: frozen ones, or ones that are trained.</summary>
internal static class OperatorNetwork
{
    /// <param name="image">float32 [N, 3, H, W], normalised.</param>
    /// <param name="weights">Weight and bias of a convolution.</param>
    /// <returns>The trunk's features, owned by the caller's dispose scope. Every other value is disposed of after its last use.</returns>
    public static Tensor[] Run(OperatorTrunk trunk, Tensor image, Func<Convolution, (Tensor Weight, Tensor Bias)> weights)
    {
        int[] lastUse = new int[trunk.Operators.Count + 1];
        for (int i = 0; i < trunk.Operators.Count; i++)
            foreach (int input in InputsOf(trunk.Operators[i])) lastUse[input] = i;
        foreach (int output in trunk.Outputs) lastUse[output] = int.MaxValue;
        lastUse[0] = int.MaxValue;   // the caller's

        Tensor[] values = [image, .. new Tensor[trunk.Operators.Count]];
        for (int i = 0; i < trunk.Operators.Count; i++)
        {
            values[i + 1] = trunk.Operators[i] switch
            {
                Convolve c => Activate(Apply(c.Convolution, values[c.From], weights), c.Activation),
                Join j => Activate(values[j.Left] + values[j.Right], j.Activation),
                MaxPool p => nn.functional.max_pool2d(values[p.From], kernel_size: 3, stride: 2, padding: 1),
                var other => throw new InvalidOperationException($"{other} can't be run."),
            };
            foreach (int input in InputsOf(trunk.Operators[i]))
                if (lastUse[input] == i) values[input].Dispose();
        }
        return [.. trunk.Outputs.Select(o => values[o])];
    }

    private static Tensor Apply(Convolution c, Tensor x, Func<Convolution, (Tensor Weight, Tensor Bias)> weights)
    {
        (Tensor weight, Tensor bias) = weights(c);
        if (c.Pads == Padding.Symmetric)
            return nn.functional.conv2d(x, weight, bias, strides: [c.Stride, c.Stride], padding: [c.Padding, c.Padding], groups: c.Groups);
        (long top, long bottom) = Same(x.shape[2], c);
        (long left, long right) = Same(x.shape[3], c);
        using Tensor padded = nn.functional.pad(x, [left, right, top, bottom]);
        return nn.functional.conv2d(padded, weight, bias, strides: [c.Stride, c.Stride], groups: c.Groups);
    }

    private static (long Before, long After) Same(long size, Convolution c)
    {
        long output = (size + c.Stride - 1) / c.Stride, padding = Math.Max((output - 1) * c.Stride + c.Kernel - size, 0);
        return (padding / 2, padding - padding / 2);
    }

    // In place: nothing else has seen the value yet.
    private static Tensor Activate(Tensor x, Activation activation) => activation switch
    {
        Activation.Relu => x.relu_(),
        Activation.Relu6 => nn.functional.relu6(x, inplace: true),
        _ => x,
    };

    private static int[] InputsOf(Operator step) => step switch
    {
        Convolve c => [c.From],
        Join j => [j.Left, j.Right],
        MaxPool p => [p.From],
        _ => [],
    };
}
