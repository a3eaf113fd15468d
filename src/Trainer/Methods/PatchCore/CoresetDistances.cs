using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// For every row, the squared distance to the nearest picked row. Batches of picks are included by a blocked matrix product
/// (16 rows × 6 centers in registers) that only finds candidates: |x|² + |c|² − 2 x·c less its rounding error, tested against the
/// distance so far. The few pairs that pass are computed exactly by <see cref="SquaredDistance"/>, so results do not depend on the
/// product's rounding. The product is given up after a quarter of the coordinates where Cauchy-Schwarz on the rest already
/// rules all 96 pairs out.
/// </summary>
internal sealed unsafe class CoresetDistances : IDisposable
{
    private const int Lanes = PackedRows.Lanes, Group = 6;
    private const int BlocksPerTask = 64;

    private readonly PackedRows rows;
    private readonly ParallelOptions parallel;
    private readonly int head;         // coordinates before the early exit
    private readonly float* nearest;   // [rows] squared distance to the nearest pick, +∞ before the first
    private readonly float* norm;      // [rows] |x|², lowered by the rounding error
    private readonly float* tail;      // [rows] |x| of the coordinates past head, raised by the rounding error
    private readonly float slack;      // relative rounding error of |x|² + |c|² − 2 x·c, with room

    public ReadOnlySpan<float> Nearest => new(nearest, rows.Count);

    public CoresetDistances(PackedRows rows, int threads)
    {
        this.rows = rows;
        parallel = new ParallelOptions { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount };
        head = rows.Dimension / 4;
        slack = 4 * (rows.Dimension + 8) * MathF.ScaleB(1, -24);
        int length = rows.Blocks * Lanes;
        nearest = Allocate(length);
        norm = Allocate(length);
        tail = Allocate(length);
        for (int i = 0; i < length; i++)
        {
            (norm[i], tail[i]) = Norms(rows.Block(i / Lanes) + i % Lanes);
            nearest[i] = float.PositiveInfinity;
            if (i >= rows.Count) (norm[i], nearest[i]) = (float.PositiveInfinity, 0);   // padding: no center is near enough
        }
    }

    /// <summary>Takes picks <paramref name="from"/> and later into account.</summary>
    public void Include(List<int> picks, int from, CancellationToken cancellation)
    {
        parallel.CancellationToken = cancellation;
        int groups = (picks.Count - from + Group - 1) / Group, size = (rows.Dimension + 2) * Group;
        float* centers = Allocate(groups * size);   // per group: [D][6] coordinates, [6] |c|²/2, [6] |c| of the tail
        try
        {
            for (int i = 0; i < groups * Group; i++)
            {
                float* center = centers + i / Group * size + i % Group;
                int pick = picks[Math.Min(from + i, picks.Count - 1)];   // the last group is filled up with the last pick
                float* row = rows.Block(pick / Lanes) + pick % Lanes;
                for (int k = 0; k < rows.Dimension; k++) center[k * Group] = row[k * Lanes];
                center[rows.Dimension * Group] = norm[pick] / 2;
                center[(rows.Dimension + 1) * Group] = tail[pick];
            }
            nint shared = (nint)centers;   // pointers can't be captured
            Parallel.For(0, (rows.Blocks + BlocksPerTask - 1) / BlocksPerTask, parallel, task =>
            {
                int end = Math.Min((task + 1) * BlocksPerTask, rows.Blocks);
                for (int block = task * BlocksPerTask; block < end; block++) Include(block, (float*)shared, groups, size);
            });
        }
        finally
        {
            NativeMemory.AlignedFree(centers);
        }
    }

    private void Include(int block, float* centers, int groups, int size)
    {
        float* x = rows.Block(block);
        int dimension = rows.Dimension, at = block * Lanes;
        Vector256<float> tail0 = Vector256.Load(tail + at), tail1 = Vector256.Load(tail + at + 8);
        // x·c > limit + |c|²/2 is where |x − c|² < nearest is possible.
        Vector256<float> limit0 = (Vector256.Load(norm + at) - Vector256.Load(nearest + at)) * 0.5f;
        Vector256<float> limit1 = (Vector256.Load(norm + at + 8) - Vector256.Load(nearest + at + 8)) * 0.5f;
        for (float* c = centers, last = centers + groups * size; c < last; c += size)
        {
            Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
            Vector256<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default;
            float* halfNorm = c + dimension * Group, centerTail = halfNorm + Group;
            for (int k = 0; ;)
            {
                int stop = k < head ? head : dimension;
                for (; k < stop; k++)
                {
                    Vector256<float> x0 = Vector256.Load(x + k * Lanes), x1 = Vector256.Load(x + k * Lanes + 8);
                    float* ck = c + k * Group;
                    Vector256<float> v = Vector256.Create(ck[0]);
                    a0 = Vector256.FusedMultiplyAdd(x0, v, a0);
                    b0 = Vector256.FusedMultiplyAdd(x1, v, b0);
                    v = Vector256.Create(ck[1]);
                    a1 = Vector256.FusedMultiplyAdd(x0, v, a1);
                    b1 = Vector256.FusedMultiplyAdd(x1, v, b1);
                    v = Vector256.Create(ck[2]);
                    a2 = Vector256.FusedMultiplyAdd(x0, v, a2);
                    b2 = Vector256.FusedMultiplyAdd(x1, v, b2);
                    v = Vector256.Create(ck[3]);
                    a3 = Vector256.FusedMultiplyAdd(x0, v, a3);
                    b3 = Vector256.FusedMultiplyAdd(x1, v, b3);
                    v = Vector256.Create(ck[4]);
                    a4 = Vector256.FusedMultiplyAdd(x0, v, a4);
                    b4 = Vector256.FusedMultiplyAdd(x1, v, b4);
                    v = Vector256.Create(ck[5]);
                    a5 = Vector256.FusedMultiplyAdd(x0, v, a5);
                    b5 = Vector256.FusedMultiplyAdd(x1, v, b5);
                }
                if (k == dimension) break;
                // The largest x·c − |c|²/2 that the other coordinates still allow.
                float* t = centerTail, h = halfNorm;
                Vector256<float> most0 = Vector256.Max(
                    Vector256.Max(Most(a0, tail0, t, h), Vector256.Max(Most(a1, tail0, t + 1, h + 1), Most(a2, tail0, t + 2, h + 2))),
                    Vector256.Max(Most(a3, tail0, t + 3, h + 3), Vector256.Max(Most(a4, tail0, t + 4, h + 4), Most(a5, tail0, t + 5, h + 5))));
                Vector256<float> most1 = Vector256.Max(
                    Vector256.Max(Most(b0, tail1, t, h), Vector256.Max(Most(b1, tail1, t + 1, h + 1), Most(b2, tail1, t + 2, h + 2))),
                    Vector256.Max(Most(b3, tail1, t + 3, h + 3), Vector256.Max(Most(b4, tail1, t + 4, h + 4), Most(b5, tail1, t + 5, h + 5))));
                if (!Vector256.GreaterThanAny(most0, limit0) && !Vector256.GreaterThanAny(most1, limit1)) goto Next;
            }
            Check(a0, c, 0, at, ref limit0);
            Check(a1, c, 1, at, ref limit0);
            Check(a2, c, 2, at, ref limit0);
            Check(a3, c, 3, at, ref limit0);
            Check(a4, c, 4, at, ref limit0);
            Check(a5, c, 5, at, ref limit0);
            Check(b0, c, 0, at + 8, ref limit1);
            Check(b1, c, 1, at + 8, ref limit1);
            Check(b2, c, 2, at + 8, ref limit1);
            Check(b3, c, 3, at + 8, ref limit1);
            Check(b4, c, 4, at + 8, ref limit1);
            Check(b5, c, 5, at + 8, ref limit1);
        Next:;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Most(Vector256<float> product, Vector256<float> tail, float* centerTail, float* halfNorm) =>
        Vector256.FusedMultiplyAdd(tail, Vector256.Create(*centerTail), product) - Vector256.Create(*halfNorm);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Check(Vector256<float> product, float* group, int center, int at, ref Vector256<float> limit)
    {
        Vector256<float> halfNorm = Vector256.Create(group[rows.Dimension * Group + center]);
        if (Vector256.GreaterThanAny(product - halfNorm, limit)) limit = Lower(group + center, at);
    }

    /// <summary>Lowers the distances of rows <paramref name="at"/> to + 7 exactly; returns their new limit.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Vector256<float> Lower(float* center, int at)
    {
        Vector256<float> exact = SquaredDistance.OfEight(rows.Block(at / Lanes) + at % Lanes, center, Group, rows.Dimension);
        Vector256<float> lower = Vector256.Min(Vector256.Load(nearest + at), exact);
        lower.Store(nearest + at);
        return (Vector256.Load(norm + at) - lower) * 0.5f;
    }

    private (float Norm, float Tail) Norms(float* row)
    {
        double all = 0, rest = 0;
        for (int k = 0; k < rows.Dimension; k++)
        {
            double square = (double)row[k * Lanes] * row[k * Lanes];
            all += square;
            if (k >= head) rest += square;
        }
        return ((float)(all * (1 - slack)), (float)(Math.Sqrt(rest) * (1 + 1e-6)));
    }

    private static float* Allocate(int length) => (float*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1) * sizeof(float), 64);

    public void Dispose()
    {
        NativeMemory.AlignedFree(nearest);
        NativeMemory.AlignedFree(norm);
        NativeMemory.AlignedFree(tail);
    }
}
