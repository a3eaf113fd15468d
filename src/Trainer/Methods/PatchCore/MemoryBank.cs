using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.PatchCore;

/// <summary>The coreset: patch embeddings of normal parts, and for each its nearest others, which eq. 7 needs.</summary>
/// <param name="Rows">float32 [Count, Dimension], row-major.</param>
/// <param name="Neighbours">int32 [Count, NeighbourCount]: each row's nearest bank rows, itself first, then ascending distance.</param>
internal sealed record MemoryBank(float[] Rows, int Dimension, int[] Neighbours)
{
    /// <summary>b of eq. 7; the row itself is one of them.</summary>
    public const int MostNeighbours = 9;

    private const int Slice = 1024;   // rows compared with the whole bank at a time

    public int Count => Rows.Length / Dimension;

    /// <summary>b, or all rows of a smaller bank.</summary>
    public int NeighbourCount => Neighbours.Length / Count;

    /// <summary>What a row costs in the package: embedding, squared length, neighbours.</summary>
    public static long BytesPerRow(int dimension) => sizeof(float) * (dimension + 1L) + sizeof(int) * MostNeighbours;

    public static MemoryBank Of(float[] rows, int dimension, CancellationToken cancellation)
    {
        int count = rows.Length / dimension, neighbours = Math.Min(MostNeighbours, count);
        int[] table = new int[count * neighbours];
        using DisposeScope scope = NewDisposeScope();
        Tensor bank = from_array(rows).reshape(count, dimension);
        bank = bank - bank.mean([0L]);   // shorter vectors, less cancellation below
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
        return new MemoryBank(rows, dimension, table);
    }
}
