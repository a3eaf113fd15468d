using System.Numerics;
using System.Runtime.InteropServices;

namespace Edge.Agent.Capture.Health;

/// <summary>
/// Where a picture's middle lies in the mean of the golden frames: normalised cross-correlation, which noise and light hardly change. Golden frames that are not alike
/// enough switch the check off, parts that lie here and there widen the limit.
/// </summary>
internal sealed class FieldOfView
{
    /// <summary>Columns and rows that are compared, and how far the middle is looked for in each direction.</summary>
    public const int Side = 128;
    private const int Reach = 16;

    /// <summary>Correlation (1 = the same): golden frames below it are too different to tell, and a frame below this share of theirs shows something else.</summary>
    private const double LeastAlike = 0.5;

    private const int Window = Side - 2 * Reach, Places = 2 * Reach + 1;

    private readonly float[] reference = new float[Side * Side], middle = new float[Window * Window];
    private readonly double[] spread = new double[Places * Places];   // of the reference at each place: √Σ (value − mean)²
    private readonly double limit, alike;

    /// <param name="golden">float32 [128, 128], luma.</param>
    /// <param name="maxShift">Share of the width.</param>
    public FieldOfView(IReadOnlyList<float[]> golden, double maxShift)
    {
        foreach (float[] frame in golden)
            for (int i = 0; i < reference.Length; i++) reference[i] += frame[i] / golden.Count;
        for (int place = 0; place < spread.Length; place++) spread[place] = Centre(reference, place % Places, place / Places);
        (double Shift, double Alike)[] seen = [.. golden.Select(frame => Find(frame))];
        limit = Math.Max(maxShift * Side, 3 * seen.Max(s => s.Shift));
        alike = seen.Min(s => s.Alike);
    }

    /// <summary>Null when the view is where it was, or when that can't be told.</summary>
    public string? WhyShifted(ReadOnlySpan<float> luma)
    {
        if (!(alike >= LeastAlike)) return null;
        (double shift, double now) = Find(luma);
        if (now < LeastAlike * alike) return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"the view is another one (correlation {now:F2}, usual at least {alike:F2})");
        return shift > limit ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"the view is shifted by {shift / Side:P0} of its width") : null;
    }

    /// <summary>The place of the reference that correlates best with the picture's middle, and how well.</summary>
    internal (double Shift, double Alike) Find(ReadOnlySpan<float> luma)
    {
        double own = Centre(luma, Reach, Reach), best = 0;
        int at = Reach * Places + Reach;
        for (int place = 0; place < spread.Length && own > 0; place++)
        {
            if (spread[place] == 0) continue;
            double alike = Correlate(place % Places, place / Places) / (own * spread[place]);
            if (alike > best) (best, at) = (alike, place);
        }
        return (Math.Sqrt(Math.Pow(at % Places - Reach, 2) + Math.Pow(at / Places - Reach, 2)), best);
    }

    /// <summary>Fills <see cref="middle"/> with a window's values minus their mean; returns √Σ of their squares, 0 when all are equal.</summary>
    private double Centre(ReadOnlySpan<float> picture, int left, int top)
    {
        double sum = 0, squares = 0;
        for (int y = 0; y < Window; y++)
            foreach (float value in picture.Slice((top + y) * Side + left, Window)) sum += value;
        float mean = (float)(sum / middle.Length);
        for (int y = 0; y < Window; y++)
            for (int x = 0; x < Window; x++)
            {
                float value = middle[y * Window + x] = picture[(top + y) * Side + left + x] - mean;
                squares += (double)value * value;
            }
        return squares > 1e-3 * middle.Length ? Math.Sqrt(squares) : 0;
    }

    /// <summary>Σ middle · reference at a place; the mean of the reference drops out, because the middle's is 0.</summary>
    private float Correlate(int left, int top)
    {
        ref float a = ref MemoryMarshal.GetArrayDataReference(middle), b = ref reference[top * Side + left];
        int lanes = Vector<float>.Count;   // divides the window's 96
        Vector<float> even = default, odd = default;
        for (int y = 0; y < Window; y++)
            for (int x = 0; x < Window; x += 2 * lanes)
            {
                even = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref a, (nuint)(y * Window + x)), Vector.LoadUnsafe(ref b, (nuint)(y * Side + x)), even);
                odd = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref a, (nuint)(y * Window + x + lanes)), Vector.LoadUnsafe(ref b, (nuint)(y * Side + x + lanes)), odd);
            }
        return Vector.Sum(even + odd);
    }
}
