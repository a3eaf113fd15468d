using System.Runtime.InteropServices;

namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// N vectors of D floats in native memory, for SIMD over rows: blocks [D][16], so that one load holds the same coordinate of
/// 8 rows. Rows past N are zero.
/// </summary>
internal sealed unsafe class PackedRows : IDisposable
{
    /// <summary>Rows of a block.</summary>
    public const int Lanes = 16;

    private readonly float* data;

    public int Count { get; }
    public int Dimension { get; }
    public int Blocks => (Count + Lanes - 1) / Lanes;

    public PackedRows(int count, int dimension)
    {
        (Count, Dimension) = (count, dimension);
        nuint bytes = (nuint)Blocks * Lanes * (nuint)dimension * sizeof(float);
        data = (float*)NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(data, bytes);
    }

    /// <summary>Block <paramref name="index"/>: [D][16].</summary>
    public float* Block(int index) => data + (nint)index * Dimension * Lanes;

    /// <param name="rows">[n, D], row-major, become rows <paramref name="at"/> to <paramref name="at"/> + n.</param>
    public void Write(int at, ReadOnlySpan<float> rows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(at + rows.Length / Dimension, Count);
        for (int offset = 0; offset < rows.Length; offset += Dimension, at++)
        {
            float* to = Block(at / Lanes) + at % Lanes;
            for (int k = 0; k < Dimension; k++) to[k * Lanes] = rows[offset + k];
        }
    }

    /// <summary>Copies row <paramref name="from"/> to row <paramref name="at"/> of <paramref name="target"/>.</summary>
    public void CopyRow(int from, PackedRows target, int at)
    {
        float* source = Block(from / Lanes) + from % Lanes, to = target.Block(at / Lanes) + at % Lanes;
        for (int k = 0; k < Dimension; k++) to[k * Lanes] = source[k * Lanes];
    }

    public void Dispose() => NativeMemory.AlignedFree(data);
}
