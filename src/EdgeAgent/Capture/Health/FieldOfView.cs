using OpenCvSharp;

namespace Edge.Agent.Capture.Health;

/// <summary>
/// Where a picture's middle lies in the mean of the golden frames: normalised cross-correlation, which noise and light hardly change. Golden frames that are not alike
/// enough switch the check off, parts that lie here and there widen the limit.
/// </summary>
internal sealed class FieldOfView : IDisposable
{
    /// <summary>Columns and rows that are compared, and how far the middle is looked for in each direction.</summary>
    public const int Side = 128;
    private const int Reach = 16;

    /// <summary>Correlation (1 = the same): golden frames below it are too different to tell, and a frame below this share of theirs shows something else.</summary>
    private const double LeastAlike = 0.5;

    private readonly Mat reference = new(Side, Side, MatType.CV_32FC1), picture = new(Side, Side, MatType.CV_32FC1), found = new();
    private readonly Mat middle;
    private readonly double limit, alike;

    /// <param name="golden">float32 [128, 128], luma.</param>
    /// <param name="maxShift">Share of the width.</param>
    public FieldOfView(IReadOnlyList<float[]> golden, double maxShift)
    {
        middle = picture[Reach, Side - Reach, Reach, Side - Reach];
        float[] mean = new float[Side * Side];
        foreach (float[] frame in golden)
            for (int i = 0; i < mean.Length; i++) mean[i] += frame[i] / golden.Count;
        Fill(reference, mean);
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

    private (double Shift, double Alike) Find(ReadOnlySpan<float> luma)
    {
        Fill(picture, luma);
        Cv2.MatchTemplate(reference, middle, found, TemplateMatchModes.CCoeffNormed);
        Cv2.MinMaxLoc(found, out _, out double best, out _, out Point at);
        return (Math.Sqrt(Math.Pow(at.X - Reach, 2) + Math.Pow(at.Y - Reach, 2)), best);
    }

    private static unsafe void Fill(Mat mat, ReadOnlySpan<float> luma) => luma.CopyTo(new Span<float>((void*)mat.Data, Side * Side));

    public void Dispose()
    {
        middle.Dispose();
        reference.Dispose();
        picture.Dispose();
        found.Dispose();
    }
}
