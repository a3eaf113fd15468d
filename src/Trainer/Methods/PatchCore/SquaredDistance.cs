using System.Runtime.Intrinsics;

namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// The one definition of distance in the coreset: Σ (x_k − c_k)² in float32, k ascending, one fused multiply-add each. Lanes are
/// rows, so every vector width gives the same bits as a plain loop.
/// </summary>
internal static unsafe class SquaredDistance
{
    /// <summary>Of 8 rows of a block ([D][16]) to one center, whose coordinates are <paramref name="stride"/> floats apart.</summary>
    public static Vector256<float> OfEight(float* rows, float* center, int stride, int dimension)
    {
        Vector256<float> sum = default;
        for (int k = 0; k < dimension; k++)
        {
            Vector256<float> difference = Vector256.Load(rows + k * PackedRows.Lanes) - Vector256.Create(center[k * stride]);
            sum = Vector256.FusedMultiplyAdd(difference, difference, sum);
        }
        return sum;
    }

    /// <summary>Lowers the distances of a block's 16 rows to those of <paramref name="center"/>, unless none is above <paramref name="floor"/>.</summary>
    public static void Lower(float* block, float* center, int dimension, float* distances, float floor)
    {
        Vector256<float> low = Vector256.Load(distances), high = Vector256.Load(distances + 8), limit = Vector256.Create(floor);
        if (!Vector256.GreaterThanAny(Vector256.Max(low, high), limit)) return;
        Vector256<float> first = default, second = default;
        for (int k = 0; k < dimension; k++, block += PackedRows.Lanes)
        {
            Vector256<float> c = Vector256.Create(center[k]), x = Vector256.Load(block) - c, y = Vector256.Load(block + 8) - c;
            first = Vector256.FusedMultiplyAdd(x, x, first);
            second = Vector256.FusedMultiplyAdd(y, y, second);
        }
        Vector256.Min(low, first).Store(distances);
        Vector256.Min(high, second).Store(distances + 8);
    }
}
