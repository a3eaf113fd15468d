namespace Edge.Training.Backbones;

/// <summary>A convolution with bias, BatchNorm already folded in. A kernel is odd; the output has ⌈size / stride⌉ rows and columns.</summary>
/// <param name="Weight">[Out, In / Groups, Kernel, Kernel], row-major.</param>
/// <param name="Bias">[Out].</param>
internal sealed record Convolution(string Name, float[] Weight, float[] Bias, int In, int Kernel, int Stride, int Groups = 1, Padding Pads = Padding.Symmetric)
{
    public int Out => Bias.Length;
    public int Padding => Kernel / 2;
    public long[] Shape => [Out, In / Groups, Kernel, Kernel];
}

internal enum Padding
{
    /// <summary>⌊kernel / 2⌋ zeros on every side, as in PyTorch's models.</summary>
    Symmetric,

    /// <summary>TensorFlow's SAME: as many zeros as the output needs, the odd one below or to the right. Differs from the other for stride 2 and even sizes.</summary>
    Same,
}

internal enum Activation
{
    None,
    Relu,

    /// <summary>min(max(x, 0), 6).</summary>
    Relu6,
}

/// <summary>One step of a trunk. Its inputs are values: 0 is the normalised picture, n is what step n − 1 made.</summary>
internal abstract record Operator;

/// <summary>activation(convolution(from)).</summary>
internal sealed record Convolve(int From, Convolution Convolution, Activation Activation) : Operator;

/// <summary>activation(left + right).</summary>
internal sealed record Join(int Left, int Right, Activation Activation) : Operator;

/// <summary>3×3 maximum at stride 2, one row and column of padding on every side.</summary>
internal sealed record MaxPool(int From) : Operator;

/// <summary>A trunk as data: a list of operators that TorchSharp interprets and ONNX is written from.</summary>
internal sealed class OperatorTrunk : Trunk
{
    private readonly int[] strides;

    public IReadOnlyList<Operator> Operators { get; }

    /// <summary>Which value each feature is.</summary>
    public IReadOnlyList<int> Outputs { get; }

    public IEnumerable<Convolution> Convolutions => Operators.OfType<Convolve>().Select(c => c.Convolution);

    /// <param name="operators">In the order they are run.</param>
    /// <param name="outputs">Names of the features and the values they are, ascending.</param>
    public OperatorTrunk(string architecture, Normalisation input, IReadOnlyList<Operator> operators, IReadOnlyList<(string Name, int Value)> outputs)
        : base(architecture, input, [.. outputs.Select(o => new TrunkFeature(o.Name, ChannelsOf(operators, o.Value)))])
    {
        (Operators, Outputs) = (operators, [.. outputs.Select(o => o.Value)]);
        strides = [.. outputs.Select(o => StrideOf(operators, o.Value))];
    }

    // Every operator gives ⌈size / stride⌉, so a chain of them gives ⌈size / product of strides⌉.
    public override IReadOnlyList<Grid> GridsOf(int height, int width) => [.. strides.Select(s => new Grid((height + s - 1) / s, (width + s - 1) / s))];

    private static int ChannelsOf(IReadOnlyList<Operator> operators, int value) => value == 0 ? 3 : operators[value - 1] switch
    {
        Convolve c => c.Convolution.Out,
        Join j => ChannelsOf(operators, j.Left),
        MaxPool p => ChannelsOf(operators, p.From),
        var other => throw new InvalidOperationException($"{other} makes no value."),
    };

    private static int StrideOf(IReadOnlyList<Operator> operators, int value) => value == 0 ? 1 : operators[value - 1] switch
    {
        Convolve c => c.Convolution.Stride * StrideOf(operators, c.From),
        Join j => StrideOf(operators, j.Left),
        MaxPool p => 2 * StrideOf(operators, p.From),
        var other => throw new InvalidOperationException($"{other} makes no value."),
    };
}
