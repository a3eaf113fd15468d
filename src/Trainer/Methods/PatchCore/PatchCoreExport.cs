using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Onnx;

namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// PatchCore as one ONNX graph: <c>image</c> → <c>image_score</c>, <c>anomaly_map</c>. P = h · w patches, b bank rows.
/// <para>
/// The nearest row is found by |m|² − 2 x·m over the bank in chunks, so memory does not grow with the bank. An embedding is the
/// fine features beside the upsampled coarse ones, so x·m = fine·m₂ + upsampled(coarse·m₃): the coarse product runs on a quarter of
/// the patches. Measured (1024 patches, 7,680 × 384 bank, 2 threads): 22 ms instead of 32 ms; chunks of 256 to 1024 rows are
/// equally fast, 2048 and more slower; ReduceMin before ArgMin within blocks of 32 would save 2 ms more. Features are centred on the
/// bank's mean, which the distances do not notice and the rounding does. The distance to the row found is then computed as the
/// length of the difference: the expanded form would give 0.01 for a patch that is in the bank.
/// </para>
/// </summary>
internal sealed class PatchCoreExport(Trunk trunk, MemoryBank bank, InputSpec input)
{
    private const int Chunk = 512;   // rows of the bank compared at a time

    private readonly GraphBuilder graph = new("patchcore");
    private readonly int fine = trunk.Layer2.Channels, coarse = trunk.Layer3.Channels;
    // Rows and columns of layer2 and layer3.
    private readonly int h = trunk.GridsOf(input.Height, input.Width)[^2].Height, w = trunk.GridsOf(input.Height, input.Width)[^2].Width;
    private readonly int h3 = trunk.GridsOf(input.Height, input.Width)[^1].Height, w3 = trunk.GridsOf(input.Height, input.Width)[^1].Width;

    public void Save(string path)
    {
        string image = graph.Input("image", 0, input.Height, input.Width, 3);
        IReadOnlyList<string> features = TrunkGraph.Add(graph, image, trunk);
        float[] mean = Mean();
        string rows = graph.Constant(Centred(mean), bank.Count, bank.Dimension);
        string fineRows = Features(features[^2], mean.AsSpan(0, fine));                                             // [N·P, C2]
        string coarseRows = Features(features[^1], mean.AsSpan(fine));                                              // [N·P3, C3]
        string patches = Node("Concat", [fineRows, Upsample(coarseRows, coarse)], ("axis", 1));                // [N·P, D]

        string nearest = Nearest(fineRows, coarseRows, rows, Centred(mean));                                    // int64 [N·P, 1]
        string matched = Node("Reshape", [Node("Gather", [rows, nearest], ("axis", 0)), Integers(-1, bank.Dimension)]);
        string squares = Node("ReduceSumSquare", [Node("Sub", [patches, matched])], ("axes", new long[] { 1 }), ("keepdims", 0));
        string distance = Node("Reshape", [Node("Sqrt", [squares]), Integers(-1, h * w)]);                       // [N, P]

        graph.Output("image_score", Score(patches, distance, nearest, rows), 0);
        graph.Output("anomaly_map", Map(distance), 0, input.Height, input.Width);
        graph.Save(path);
    }

    private string Node(string op, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string, object)> attributes) => graph.Node(op, inputs, attributes);

    private string Integers(params ReadOnlySpan<long> values) => graph.Integers(values);

    /// <summary>3×3 average, one row per patch, centred.</summary>
    private string Features(string layer, ReadOnlySpan<float> mean)
    {
        string average = Node(
            "AveragePool", [layer], ("kernel_shape", new long[] { 3, 3 }), ("pads", new long[] { 1, 1, 1, 1 }), ("count_include_pad", 1));
        string last = Node("Transpose", [average], ("perm", new long[] { 0, 2, 3, 1 }));
        return Node("Sub", [Node("Reshape", [last, Integers(-1, mean.Length)]), graph.Constant(mean, mean.Length)]);
    }

    /// <summary>Bilinear upsampling of [N·P3, columns] to [N·P, columns]: a matrix for the rows of the grid, then one for its columns.</summary>
    private string Upsample(string values, int columns)
    {
        string tall = Node("MatMul", [upsampleRows ??= Interpolation(h3, h), Node("Reshape", [values, Integers(-1, h3, w3 * columns)])]);
        string wide = Node("MatMul", [upsampleColumns ??= Interpolation(w3, w), Node("Reshape", [tall, Integers(-1, w3, columns)])]);
        return Node("Reshape", [wide, Integers(-1, columns)]);
    }

    private string? upsampleRows, upsampleColumns;

    private string Interpolation(int from, int to) => graph.Constant([.. MapSmoothing.Upsampling(from, to).Select(v => (float)v)], to, from);

    private string Nearest(string fineRows, string coarseRows, string rows, float[] centred)
    {
        List<string> smallest = [], indices = [];
        for (int from = 0; from < bank.Count; from += Chunk)
        {
            int to = Math.Min(from + Chunk, bank.Count);
            // Slices of a constant: ONNX Runtime folds them when it loads the graph, and the file holds the bank once.
            string fineBank = Node("Slice", [rows, Integers(from, 0), Integers(to, fine), Integers(0, 1)]);
            string coarseBank = Node("Slice", [rows, Integers(from, fine), Integers(to, bank.Dimension), Integers(0, 1)]);
            string lengths = graph.Constant(SquaredLengths(centred, from, to), to - from);
            string product = Node("Gemm", [coarseRows, coarseBank, lengths], ("alpha", -2f), ("transB", 1));      // [N·P3, chunk]
            product = Node("Gemm", [fineRows, fineBank, Upsample(product, to - from)], ("alpha", -2f), ("transB", 1));   // [N·P, chunk]
            string index = Node("ArgMin", [product], ("axis", 1));                                                // [N·P, 1]
            smallest.Add(Node("GatherElements", [product, index], ("axis", 1)));
            indices.Add(from == 0 ? index : Node("Add", [index, Integers(from)]));
        }
        if (indices.Count == 1) return indices[0];
        string chunk = Node("ArgMin", [Node("Concat", [.. smallest], ("axis", 1))], ("axis", 1));
        return Node("GatherElements", [Node("Concat", [.. indices], ("axis", 1)), chunk], ("axis", 1));
    }

    /// <summary>(1 − e^d(m*) / Σ e^d(m)) · s* over the neighbours m of m*, the bank row nearest to the patch farthest from the bank (eq. 6, 7).</summary>
    private string Score(string patches, string distance, string nearest, string rows)
    {
        string patch = Node("ArgMax", [distance], ("axis", 1));                                                  // [N, 1]
        string farthest = Node("GatherElements", [distance, patch], ("axis", 1));                                // s* [N, 1]
        string test = Node("GatherND", [Node("Reshape", [patches, Integers(-1, h * w, bank.Dimension)]), patch], ("batch_dims", 1));   // [N, D]
        string match = Node("GatherElements", [Node("Reshape", [nearest, Integers(-1, h * w)]), patch], ("axis", 1));   // m* [N, 1]
        string table = graph.Constant(bank.Neighbours, bank.Count, bank.NeighbourCount);
        string around = Node("Squeeze", [Node("Gather", [table, match], ("axis", 0)), Integers(1)]);             // [N, b]
        string difference = Node("Sub", [Node("Gather", [rows, around], ("axis", 0)), Node("Unsqueeze", [test, Integers(1)])]);   // [N, b, D]
        string lengths = Node("Sqrt", [Node("ReduceSumSquare", [difference], ("axes", new long[] { 2 }), ("keepdims", 0))]);
        string weight = Node("Slice", [Node("Softmax", [lengths], ("axis", 1)), Integers(0), Integers(1), Integers(1)]);   // m* is first
        string one = graph.Constant([1f], 1);
        return Node("Squeeze", [Node("Mul", [Node("Sub", [one, weight]), farthest]), Integers(1)]);
    }

    private string Map(string distance)
    {
        string grid = Node("Reshape", [distance, Integers(-1, h, w)]);
        string rows = graph.Constant(MapSmoothing.Matrix(h, input.Height), input.Height, h);
        float[] matrix = MapSmoothing.Matrix(w, input.Width), transposed = new float[matrix.Length];
        for (int i = 0; i < matrix.Length; i++) transposed[i % w * input.Width + i / w] = matrix[i];
        return Node("MatMul", [rows, Node("MatMul", [grid, graph.Constant(transposed, w, input.Width)])]);
    }

    private float[] Mean()
    {
        double[] sum = new double[bank.Dimension];
        for (int i = 0; i < bank.Rows.Length; i++) sum[i % bank.Dimension] += bank.Rows[i];
        return [.. sum.Select(s => (float)(s / bank.Count))];
    }

    private float[] Centred(float[] mean)
    {
        float[] rows = new float[bank.Rows.Length];
        for (int i = 0; i < rows.Length; i++) rows[i] = bank.Rows[i] - mean[i % bank.Dimension];
        return rows;
    }

    private float[] SquaredLengths(float[] rows, int from, int to)
    {
        float[] lengths = new float[to - from];
        for (int row = from; row < to; row++)
        {
            double sum = 0;
            foreach (float value in rows.AsSpan(row * bank.Dimension, bank.Dimension)) sum += (double)value * value;
            lengths[row - from] = (float)sum;
        }
        return lengths;
    }
}
