namespace Edge.Training.Evaluation;

/// <summary>How much of one anomalous picture is found while normal pictures stay almost clean.</summary>
/// <param name="Aupimo">Area under the picture's curve, [0, 1].</param>
/// <param name="Overlap">Share of its anomalous pixels found at <see cref="OverlapFigures.FalsePositiveRates"/>.</param>
public sealed record PictureOverlap(string File, double Aupimo, IReadOnlyList<double> Overlap);

/// <param name="Mean">Of the pictures' areas; null without a curve, for <paramref name="Reason"/>.</param>
/// <param name="Low">Lower end of the false positive rates, and the upper.</param>
public sealed record OverlapFigures(
    double? Mean, double? Median, double Low, double High, string? Reason, IReadOnlyList<double> FalsePositiveRates, IReadOnlyList<PictureOverlap> Pictures);

/// <summary>
/// PIMO and AUPIMO (Bertoldo et al. 2024, arXiv 2401.01984). x: false positive rate of a threshold, the mean over the normal
/// pictures only (all maps have one size, so it is the rate over their pixels); y: share of one picture's anomalous pixels at or
/// above it. Area over log x from L to U, divided by log(U/L):
///   AUPIMO = 1 / ln(U/L) · ∫ overlap(x) d ln x, L = 1e-5, U = 1e-4.
/// Straight lines in ln x between the thresholds that a normal pixel gives, cut at L and U. The x axis needs all normal
/// pictures before the first anomalous one; afterwards each picture takes its anomalous pixels' memory, and none stays.
/// </summary>
internal sealed class PerImageOverlap
{
    public const double Low = 1e-5, High = 1e-4;
    private const int Samples = 11;
    private static readonly double[] SampledAt = [.. Enumerable.Range(0, Samples).Select(i => Low * Math.Pow(High / Low, i / (Samples - 1.0)))];

    private readonly List<(float Threshold, double LogRate)> axis = [];
    private readonly List<PictureOverlap> pictures = [];
    private readonly string? reason;
    private float[] values = [];

    /// <param name="normals">Holds the normal pictures' pixels and nothing else.</param>
    public PerImageOverlap(ScoreHistogram normals, long normalPixels)
    {
        long above = 0;
        foreach (HistogramBin bin in normals.Descending())
        {
            above += bin.Normal;
            axis.Add((bin.Low, Math.Log((double)above / normalPixels)));
            if ((double)above / normalPixels >= High) break;
        }
        reason = axis.Count == 0 ? "there are no normal pictures"
            : axis[0].LogRate > Math.Log(Low) ? $"{normalPixels} pixels of normal pictures cannot show a false positive rate of {Low:G1}" : null;
    }

    /// <param name="map">float32 [H, W].</param>
    /// <param name="region">int32 [H, W]: 0 normal.</param>
    public void Add(ReadOnlySpan<float> map, ReadOnlySpan<int> region, string name)
    {
        if (reason is not null) return;
        if (values.Length < map.Length) values = new float[map.Length];
        int count = 0;
        for (int i = 0; i < map.Length; i++) if (region[i] != 0) values[count++] = map[i];
        Array.Sort(values, 0, count);

        double[] overlap = new double[axis.Count];
        for (int k = 0, found = 0; k < axis.Count; k++)
        {
            while (found < count && values[count - 1 - found] >= axis[k].Threshold) found++;
            overlap[k] = (double)found / count;
        }
        pictures.Add(new PictureOverlap(name, Area(overlap), [.. SampledAt.Select(rate => At(overlap, Math.Log(rate)))]));
    }

    public OverlapFigures Figures()
    {
        double[] areas = [.. pictures.Select(p => p.Aupimo).Order()];
        bool any = areas.Length > 0;
        return new OverlapFigures(
            any ? areas.Average() : null, any ? (areas[(areas.Length - 1) / 2] + areas[areas.Length / 2]) / 2 : null, Low, High,
            any ? null : reason ?? "no anomalous picture has a mask", any ? SampledAt : [], pictures);
    }

    private double Area(double[] overlap)
    {
        double low = Math.Log(Low), high = Math.Log(High), area = 0, x = low, y = At(overlap, low);
        for (int k = 0; k < axis.Count && x < high; k++)
        {
            if (axis[k].LogRate <= low) continue;
            double nextX = Math.Min(axis[k].LogRate, high), nextY = nextX < high ? overlap[k] : At(overlap, high);
            area += (nextX - x) * (y + nextY) / 2;
            (x, y) = (nextX, nextY);
        }
        return area / (high - low);
    }

    /// <summary>Linear interpolation in the logarithm of the rate; the axis begins at or before <see cref="Low"/> and ends at or after <see cref="High"/>.</summary>
    private double At(double[] overlap, double logRate)
    {
        int next = axis.FindIndex(a => a.LogRate >= logRate);
        if (next < 0) return overlap[^1];   // the logarithm of the last rate may differ in its last bit
        if (next == 0 || axis[next].LogRate == logRate) return overlap[next];
        double part = (logRate - axis[next - 1].LogRate) / (axis[next].LogRate - axis[next - 1].LogRate);
        return overlap[next - 1] + part * (overlap[next] - overlap[next - 1]);
    }
}
