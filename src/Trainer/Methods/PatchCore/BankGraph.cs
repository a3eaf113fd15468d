using Edge.Imaging;
using Edge.Training.Onnx;
using static Edge.Training.Onnx.Proto.TensorProto.Types;

namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// The second half of PatchCore's graph: patch embeddings → <c>image_score</c>, <c>anomaly_map</c>. P = h · w patches, b bank rows.
/// <para>
/// The nearest row is found by |m|² − 2 x·m over the bank in chunks, so memory does not grow with the bank. An embedding is the
/// fine features beside the upsampled coarse ones, so x·m = fine·m₂ + upsampled(coarse·m₃): the coarse product runs on a quarter of
/// the patches. Measured (1024 patches, 7,680 × 384 bank, 2 threads): 22 ms instead of 32 ms; chunks of 256 to 1024 rows are
/// equally fast, 2048 and more slower; ReduceMin before ArgMin within blocks of 32 would save 2 ms more. Features are centred,
/// which the distances do not notice and the rounding does. The distance to the row found is then computed as the
/// length of the difference: the expanded form would give 0.01 for a patch that is in the bank.
/// </para>
/// </summary>
internal sealed class BankGraph(GraphBuilder graph, PatchRows patches, MemoryBank bank, InputSpec input)
{
    private const int Chunk = 512;   // rows of the bank compared at a time
    private const string RowsName = "bank_rows", ScaleName = "bank_scale", NeighboursName = "bank_neighbours";

    public void Add()
    {
        string rows = Rows();
        string nearest = Nearest(rows);                                                                          // int64 [N·P, 1]
        string matched = Node("Reshape", [Node("Gather", [rows, nearest], ("axis", 0)), Integers(-1, bank.Dimension)]);
        string squares = Node("ReduceSumSquare", [Node("Sub", [patches.Patches, matched])], ("axes", new long[] { 1 }), ("keepdims", 0));
        string distance = Node("Reshape", [Node("Sqrt", [squares]), Integers(-1, patches.Grid.Patches)]);        // [N, P]
        graph.Output("image_score", bank.NeighbourCount > 0 ? Score(distance, nearest, rows) : Farthest(distance), 0);
        graph.Output("anomaly_map", Map(distance), 0, input.Height, input.Width);
    }

    /// <summary>As <see cref="Add"/> wrote it.</summary>
    public static MemoryBank Read(GraphFile file)
    {
        int dimension = (int)file.ShapeOf(RowsName)[1];
        BankStorage storage = file.TypeOf(RowsName) switch { DataType.Float16 => BankStorage.Float16, DataType.Int8 => BankStorage.Int8, _ => BankStorage.Float32 };
        float[] scale = storage == BankStorage.Int8 ? file.Read<float>(ScaleName) : [];
        float[] rows = storage switch
        {
            BankStorage.Float16 => [.. file.Read<Half>(RowsName).Select(h => (float)h)],
            BankStorage.Int8 => [.. file.Read<sbyte>(RowsName).Select((q, i) => q * scale[i % dimension])],
            _ => file.Read<float>(RowsName),
        };
        return MemoryBank.Read(PatchRows.CentreOf(file), PatchRows.ComponentsOf(file), rows, dimension, file.HasConstant(NeighboursName) ? file.Read<int>(NeighboursName) : [], storage, scale);
    }

    /// <returns>float32 [Count, K]: a constant, or what ONNX Runtime makes one when it loads the graph.</returns>
    private string Rows()
    {
        (int count, int k) = (bank.Count, bank.Dimension);
        switch (bank.Storage)
        {
            case BankStorage.Float16:
                return Node("Cast", [graph.Constant(RowsName, [.. bank.Rows.Select(v => (Half)v)], count, k)], ("to", 1));
            case BankStorage.Int8:
                sbyte[] integers = [.. bank.Rows.Select((v, i) => (sbyte)MathF.Round(v / bank.Scale[i % k]))];
                // Not DequantizeLinear, which ONNX Runtime would keep for the search.
                return Node("Mul", [Node("Cast", [graph.Constant(RowsName, integers, count, k)], ("to", 1)), graph.Constant(ScaleName, bank.Scale, k)]);
            default:
                return graph.Constant(RowsName, bank.Rows, count, k);
        }
    }

    private string Node(string op, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string, object)> attributes) => graph.Node(op, inputs, attributes);

    private string Integers(params ReadOnlySpan<long> values) => graph.Integers(values);

    private string Nearest(string rows)
    {
        List<string> smallest = [], indices = [];
        for (int from = 0; from < bank.Count; from += Chunk)
        {
            int to = Math.Min(from + Chunk, bank.Count);
            string product = Products(rows, from, to, graph.Constant(SquaredLengths(from, to), to - from));      // [N·P, chunk]
            string index = Node("ArgMin", [product], ("axis", 1));                                                // [N·P, 1]
            smallest.Add(Node("GatherElements", [product, index], ("axis", 1)));
            indices.Add(from == 0 ? index : Node("Add", [index, Integers(from)]));
        }
        if (indices.Count == 1) return indices[0];
        string chunk = Node("ArgMin", [Node("Concat", [.. smallest], ("axis", 1))], ("axis", 1));
        return Node("GatherElements", [Node("Concat", [.. indices], ("axis", 1)), chunk], ("axis", 1));
    }

    /// <summary>|m|² − 2 x·m.</summary>
    private string Products(string rows, int from, int to, string lengths)
    {
        // Slices of a constant: ONNX Runtime folds them when it loads the graph, and the file holds the bank once.
        if (patches.Fine is not { } fine)
            return Node("Gemm", [patches.Patches, Node("Slice", [rows, Integers(from), Integers(to), Integers(0)]), lengths], ("alpha", -2f), ("transB", 1));
        string fineBank = Node("Slice", [rows, Integers(from, 0), Integers(to, fine.Columns), Integers(0, 1)]);
        string coarseBank = Node("Slice", [rows, Integers(from, fine.Columns), Integers(to, bank.Dimension), Integers(0, 1)]);
        string coarse = Node("Gemm", [fine.CoarseRows, coarseBank, lengths], ("alpha", -2f), ("transB", 1));      // [N·P3, chunk]
        return Node("Gemm", [fine.Rows, fineBank, patches.Grid.Upsample(graph, coarse, to - from)], ("alpha", -2f), ("transB", 1));
    }

    /// <summary>Without re-weighting the largest distance of a patch (eq. 6).</summary>
    private string Farthest(string distance) => Node("ReduceMax", [distance], ("axes", new long[] { 1 }), ("keepdims", 0));

    /// <summary>(1 − e^d(m*) / Σ e^d(m)) · s* over the neighbours m of m*, the bank row nearest to the patch farthest from the bank (eq. 6, 7).</summary>
    private string Score(string distance, string nearest, string rows)
    {
        string patch = Node("ArgMax", [distance], ("axis", 1));                                                  // [N, 1]
        string farthest = Node("GatherElements", [distance, patch], ("axis", 1));                                // s* [N, 1]
        string test = Node("GatherND", [Node("Reshape", [patches.Patches, Integers(-1, patches.Grid.Patches, bank.Dimension)]), patch], ("batch_dims", 1));   // [N, D]
        string match = Node("GatherElements", [Node("Reshape", [nearest, Integers(-1, patches.Grid.Patches)]), patch], ("axis", 1));   // m* [N, 1]
        string table = graph.Constant(NeighboursName, bank.Neighbours, bank.Count, bank.NeighbourCount);
        string around = Node("Squeeze", [Node("Gather", [table, match], ("axis", 0)), Integers(1)]);             // [N, b]
        string difference = Node("Sub", [Node("Gather", [rows, around], ("axis", 0)), Node("Unsqueeze", [test, Integers(1)])]);   // [N, b, D]
        string lengths = Node("Sqrt", [Node("ReduceSumSquare", [difference], ("axes", new long[] { 2 }), ("keepdims", 0))]);
        string weight = Node("Slice", [Node("Softmax", [lengths], ("axis", 1)), Integers(0), Integers(1), Integers(1)]);   // m* is first
        string one = graph.Constant([1f], 1);
        return Node("Squeeze", [Node("Mul", [Node("Sub", [one, weight]), farthest]), Integers(1)]);
    }

    private string Map(string distance)
    {
        (int h, int w, _, _) = patches.Grid;
        string grid = Node("Reshape", [distance, Integers(-1, h, w)]);
        string rows = graph.Constant(MapSmoothing.Matrix(h, input.Height), input.Height, h);
        float[] matrix = MapSmoothing.Matrix(w, input.Width), transposed = new float[matrix.Length];
        for (int i = 0; i < matrix.Length; i++) transposed[i % w * input.Width + i / w] = matrix[i];
        return Node("MatMul", [rows, Node("MatMul", [grid, graph.Constant(transposed, w, input.Width)])]);
    }

    private float[] SquaredLengths(int from, int to)
    {
        float[] lengths = new float[to - from];
        for (int row = from; row < to; row++)
        {
            double sum = 0;
            foreach (float value in bank.Rows.AsSpan(row * bank.Dimension, bank.Dimension)) sum += (double)value * value;
            lengths[row - from] = (float)sum;
        }
        return lengths;
    }
}
