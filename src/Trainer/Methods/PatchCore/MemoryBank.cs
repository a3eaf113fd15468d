using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.PatchCore;

/// <summary>Patch embeddings of normal parts, and for each its nearest others, which eq. 7 needs.</summary>
/// <param name="Centre">
/// float32 [Dimension]: what is subtracted from every embedding, theirs and a part's. Distances don't notice, rounding does.
/// </param>
/// <param name="Rows">float32 [Count, Dimension], row-major, centred.</param>
/// <param name="Neighbours">int32 [Count, NeighbourCount]: each row's nearest rows, itself first, then ascending distance. Empty without re-weighting.</param>
internal sealed record MemoryBank(float[] Centre, float[] Rows, int[] Neighbours)
{
    /// <summary>b of eq. 7 in the paper's code; the row itself is one of them.</summary>
    public const int UsualNeighbours = 9;

    private const int Slice = 1024;   // rows compared with the whole bank at a time

    public int Dimension => Centre.Length;
    public int Count => Rows.Length / Dimension;

    /// <summary>b, or all rows of a smaller bank; 0 without re-weighting.</summary>
    public int NeighbourCount => Neighbours.Length / Count;

    /// <summary>What a row costs in the package: embedding, squared length, neighbours.</summary>
    public static long BytesPerRow(int dimension, int neighbours) => sizeof(float) * (dimension + 1L) + sizeof(int) * neighbours;

    public long Bytes => Count * BytesPerRow(Dimension, NeighbourCount);

    /// <param name="rows">float32 [count, dimension], not centred.</param>
    /// <param name="neighbours">b of eq. 7; 0 = no re-weighting.</param>
    public static MemoryBank Of(float[] rows, int dimension, int neighbours, CancellationToken cancellation)
    {
        float[] centre = Mean(rows, dimension), centred = new float[rows.Length];
        for (int i = 0; i < rows.Length; i++) centred[i] = rows[i] - centre[i % dimension];
        return new MemoryBank(centre, centred, NeighboursOf(centred, dimension, neighbours, cancellation));
    }

    /// <summary>With more rows.</summary>
    /// <param name="more">float32 [n, Dimension], centred as this bank's.</param>
    /// <param name="neighbours">b of eq. 7, as the bank was made with; a small bank has fewer.</param>
    public MemoryBank With(ReadOnlySpan<float> more, int neighbours, CancellationToken cancellation)
    {
        float[] all = [.. Rows, .. more];
        return this with { Rows = all, Neighbours = NeighboursOf(all, Dimension, neighbours, cancellation) };
    }

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
            nearest.to_type(ScalarType.Int32).data<int>().CopyTo(table, at * neighbours);
        }
        return table;
    }
}
