namespace Edge.Imaging;

/// <summary>
/// Triangle filter for one axis, widened by the reduction factor so that it does not alias (the "bilinear with antialias"
/// of Pillow and torchvision; plain bilinear when enlarging). Output i is Σ weights[i, t] · input[starts[i] + t].
/// </summary>
internal sealed class ResampleFilter
{
    /// <summary>First input sample of each output.</summary>
    public int[] Starts { get; }

    /// <summary>[outputs, Taps], rows sum to 1; taps past the last contributing sample are 0 and stay inside the input.</summary>
    public float[] Weights { get; }

    /// <summary>Weights per output.</summary>
    public int Taps { get; }

    /// <summary>Input samples that contribute to an output; a weight of less than a millionth is a rounding error at the triangle's foot.</summary>
    public IEnumerable<int> SamplesOf(int output) => Enumerable.Range(0, Taps).Where(t => Weights[output * Taps + t] > 1e-6f).Select(t => Starts[output] + t);

    public ResampleFilter(int input, int output)
    {
        double scale = (double)input / output, stretch = Math.Max(1, scale);
        Taps = Math.Min(input, (int)Math.Ceiling(stretch) * 2 + 1);
        Starts = new int[output];
        Weights = new float[output * Taps];
        Span<double> row = Taps <= 256 ? stackalloc double[Taps] : new double[Taps];
        for (int i = 0; i < output; i++)
        {
            double center = (i + 0.5) * scale;
            int first = Math.Max(0, (int)(center - stretch + 0.5));
            int last = Math.Min(input, (int)(center + stretch + 0.5));
            int start = Math.Min(first, input - Taps);
            row.Clear();
            double sum = 0;
            for (int x = first; x < last; x++)
                sum += row[x - start] = Math.Max(0, 1 - Math.Abs(x + 0.5 - center) / stretch);
            Starts[i] = start;
            for (int t = 0; t < Taps; t++) Weights[i * Taps + t] = (float)(row[t] / sum);
        }
    }
}
