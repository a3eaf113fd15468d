namespace Edge.Training.Backbones;

/// <summary>The operators of a trunk while its weights are read. Each call returns the value that its operator makes.</summary>
internal sealed class OperatorList
{
    private readonly List<Operator> operators = [];

    public int Convolve(int from, Convolution convolution, Activation activation) => Add(new Convolve(from, convolution, activation));

    public int Join(int left, int right, Activation activation) => Add(new Join(left, right, activation));

    public int MaxPool(int from) => Add(new MaxPool(from));

    public OperatorTrunk ToTrunk(string architecture, Normalisation input, params IReadOnlyList<int> layers) =>
        new(architecture, input, [.. operators], [.. layers.Select((value, i) => ($"layer{i + 1}", value))]);

    private int Add(Operator next)
    {
        operators.Add(next);
        return operators.Count;
    }
}
