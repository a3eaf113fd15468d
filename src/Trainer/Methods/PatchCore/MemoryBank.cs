using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.PatchCore;

/// <summary>Patch embeddings of normal parts, and for each its nearest others, which eq. 7 needs.</summary>
/// <param name="Centre">
/// float32 [D]: what is subtracted from every embedding, theirs and a part's. Distances don't notice, rounding does.
/// </param>
/// <param name="Dimension">K values of a row: D, or the principal components that are kept.</param>
/// <param name="Rows">float32 [Count, K], row-major, centred, reduced, and rounded to what <paramref name="Storage"/> holds.</param>
/// <param name="Neighbours">int32 [Count, NeighbourCount]: each row's nearest rows, itself first, then ascending distance. Empty without re-weighting.</param>
internal sealed record MemoryBank(float[] Centre, int Dimension, float[] Rows, int[] Neighbours, BankStorage Storage)
{
    /// <summary>b of eq. 7 in the paper's code; the row itself is one of them.</summary>
    public const int UsualNeighbours = 9;

    private const int Slice = 1024;   // rows compared with the whole bank at a time
    private const int NodeBytes = 8;  // the nodes that search a chunk of rows, shared out among them

    /// <summary>W, float32 [D, K] of <see cref="PrincipalComponents"/>; empty when embeddings are not reduced.</summary>
    public float[] Components { get; init; } = [];

    /// <summary>float32 [K] for int8 rows, else empty: a row is its integers times this.</summary>
    public float[] Scale { get; private init; } = [];

    public int Count => Rows.Length / Dimension;

    /// <summary>b, or all rows of a smaller bank; 0 without re-weighting.</summary>
    public int NeighbourCount => Neighbours.Length / Count;

    /// <summary>What a row costs in the package at most: embedding, squared length, neighbours, and its share of the graph's nodes.</summary>
    public static long BytesPerRow(int dimension, int neighbours, BankStorage storage) =>
        StoredRows.BytesOf(storage) * (long)dimension + sizeof(float) + sizeof(int) * neighbours + NodeBytes;

    public long Bytes => Count * BytesPerRow(Dimension, NeighbourCount, Storage);

    /// <param name="rows">float32 [count, dimension], neither centred nor reduced.</param>
    /// <param name="neighbours">b of eq. 7; 0 = no re-weighting.</param>
    public static MemoryBank Of(float[] rows, int dimension, int neighbours, CancellationToken cancellation, BankStorage storage = BankStorage.Float32)
    {
        float[] centre = Mean(rows, dimension), centred = new float[rows.Length];
        for (int i = 0; i < rows.Length; i++) centred[i] = rows[i] - centre[i % dimension];
        return Stored(centred, centre, dimension, neighbours, storage, cancellation);
    }

    /// <param name="rows">float32 [count, K], reduced by <paramref name="components"/>, and centred by that.</param>
    public static MemoryBank Of(float[] rows, PrincipalComponents components, int neighbours, BankStorage storage, CancellationToken cancellation) =>
        Stored(rows, components.Mean, components.Count, neighbours, storage, cancellation) with { Components = components.Matrix };

    private static MemoryBank Stored(float[] rows, float[] centre, int dimension, int neighbours, BankStorage storage, CancellationToken cancellation)
    {
        StoredRows stored = StoredRows.Of(rows, dimension, storage);
        return new MemoryBank(centre, dimension, stored.Values, NeighboursOf(stored.Values, dimension, neighbours, cancellation), storage) { Scale = stored.Scale };
    }

    /// <summary>As a package holds it.</summary>
    public static MemoryBank Read(float[] centre, float[] components, float[] rows, int dimension, int[] neighbours, BankStorage storage, float[] scale) =>
        new(centre, dimension, rows, neighbours, storage) { Components = components, Scale = scale };

    /// <summary>With more rows. Those that are there stay, but for int8's rounding where a new row is longer than all.</summary>
    /// <param name="more">float32 [n, K], centred and reduced as this bank's.</param>
    /// <param name="neighbours">b of eq. 7, as the bank was made with; a small bank has fewer.</param>
    public MemoryBank With(ReadOnlySpan<float> more, int neighbours, CancellationToken cancellation) => Replaced([.. Rows, .. more], neighbours, cancellation);

    /// <summary>With other rows.</summary>
    /// <param name="rows">float32 [n, K], centred and reduced as this bank's.</param>
    public MemoryBank Replaced(float[] rows, int neighbours, CancellationToken cancellation) =>
        Stored(rows, Centre, Dimension, neighbours, Storage, cancellation) with { Components = Components };

    private static float[] Mean(float[] rows, int dimension)
    {
        double[] sum = new double[dimension];
        for (int i = 0; i < rows.Length; i++) sum[i % dimension] += rows[i];
        return [.. sum.Select(s => (float)(s * dimension / rows.Length))];
    }

    private static int[] NeighboursOf(float[] rows, int dimension, int most, CancellationToken cancellation)
    {
        int count = rows.Length / dimension, neighbours = Math.Min(most, count);
        if (neighbours == 0) return [];
        int[] table = new int[count * neighbours];
        using DisposeScope scope = NewDisposeScope();
        Tensor bank = from_array(rows).reshape(count, dimension);
        Tensor squares = bank.square().sum(1);
        for (int at = 0; at < count; at += Slice)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope inner = NewDisposeScope();
            int end = Math.Min(at + Slice, count);
            Tensor distance = squares - 2 * bank[at..end].matmul(bank.t());      // [slice, count], less |row|², which does not change the order
            distance.diagonal(at).fill_(float.NegativeInfinity);                   // itself first, also among copies
            (Tensor _, Tensor nearest) = distance.topk(neighbours, dim: 1, largest: false, sorted: true);
            nearest.to_type(ScalarType.Int32).Values<int>().CopyTo(table, at * neighbours);
        }
        return table;
    }
}
