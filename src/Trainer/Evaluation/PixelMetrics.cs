using System.Numerics.Tensors;
using Edge.Training.Thresholds;
using OpenCvSharp;

namespace Edge.Training.Evaluation;

/// <summary>
/// Pixel AUROC, AUPRO and AUPIMO over any number of anomaly maps, in one pass and in memory that does not grow with the pictures: see
/// <see cref="ScoreHistogram"/> for the resolution. On the shared test sets they agree with the exact computation to 1e-6.
/// </summary>
internal sealed class PixelMetrics
{
    private readonly ScoreHistogram histogram = new();
    private PerImageOverlap? overlap;

    public long NormalPixels { get; private set; }
    public long AnomalousPixels { get; private set; }

    /// <summary>8-connected anomalous regions of all masks.</summary>
    public long Regions { get; private set; }

    /// <summary>A map of a normal picture: every pixel is normal. All of them come before the first anomalous one.</summary>
    /// <param name="name">The picture, for the message.</param>
    /// <exception cref="EdgeException">A value is not finite.</exception>
    public void AddNormal(ReadOnlySpan<float> map, string name)
    {
        if (overlap is not null) throw new InvalidOperationException("Normal pictures come first: AUPIMO's axis is made of them.");
        RequireFinite(map, name);
        foreach (float value in map) histogram.AddNormal(value);
        NormalPixels += map.Length;
    }

    /// <summary>A map of an anomalous picture and what is anomalous in it.</summary>
    /// <param name="map">float32 [H, W].</param>
    /// <param name="labels">int32 [H, W]: 0 normal, 1..<paramref name="regions"/> the region.</param>
    public void AddAnomalous(ReadOnlySpan<float> map, Mat labels, int regions, string name)
    {
        RequireFinite(map, name);
        ReadOnlySpan<int> region = labels.AsSpan<int>();
        if (region.Length != map.Length) throw new ArgumentException($"{region.Length} labels for {map.Length} map values.", nameof(labels));
        overlap ??= new PerImageOverlap(histogram, NormalPixels);
        overlap.Add(map, region, name);
        int[] sizes = new int[regions + 1];
        foreach (int r in region) sizes[r]++;
        for (int i = 0; i < map.Length; i++)
        {
            if (region[i] == 0) histogram.AddNormal(map[i]);
            else histogram.AddAnomalous(map[i], 1.0 / sizes[region[i]]);
        }
        NormalPixels += sizes[0];
        AnomalousPixels += map.Length - sizes[0];
        Regions += regions;
    }

    /// <summary>Area under the ROC curve over all pixels; null when one class is missing.</summary>
    public double? Auroc()
    {
        if (NormalPixels == 0 || AnomalousPixels == 0) return null;
        double area = 0;
        long above = 0;   // anomalous pixels above the bin
        foreach (HistogramBin bin in histogram.Descending())
        {
            area += bin.Normal * (above + 0.5 * bin.Anomalous);
            above += bin.Anomalous;
        }
        return area / ((double)NormalPixels * AnomalousPixels);
    }

    /// <summary>
    /// Area under the per-region overlap curve (mean over regions of the fraction found, against the false positive rate of all
    /// normal pixels): trapezoids over every threshold, the curve cut by linear interpolation at <paramref name="limit"/>, divided by it.
    /// </summary>
    /// <returns>Null when there is no region or no normal pixel.</returns>
    public double? Aupro(double limit = 0.3)
    {
        if (NormalPixels == 0 || Regions == 0) return null;
        double area = 0, fpr = 0, overlap = 0, found = 0;
        long falsePositives = 0;
        foreach (HistogramBin bin in histogram.Descending())
        {
            falsePositives += bin.Normal;
            found += bin.Weight;
            double nextFpr = (double)falsePositives / NormalPixels, nextOverlap = found / Regions;
            if (nextFpr >= limit)
            {
                double part = (limit - fpr) / (nextFpr - fpr), atLimit = overlap + part * (nextOverlap - overlap);
                return Math.Min(1, (area + (limit - fpr) * (overlap + atLimit) / 2) / limit);
            }
            area += (nextFpr - fpr) * (overlap + nextOverlap) / 2;
            (fpr, overlap) = (nextFpr, nextOverlap);
        }
        throw new InvalidOperationException("The false positive rate ends at 1, which no limit exceeds.");
    }

    /// <summary>Mean and per-picture AUPIMO, or why there is none.</summary>
    public OverlapFigures Aupimo() => (overlap ?? new PerImageOverlap(histogram, NormalPixels)).Figures();

    /// <summary>Every decision a pixel threshold can make, to the histogram's resolution; null without pixels.</summary>
    public OperatingCurve? Curve()
    {
        List<ScoreGroup> groups = [.. histogram.Descending().Select(b => new ScoreGroup(b.Low, b.High, b.Normal, b.Anomalous))];
        groups.Reverse();
        return groups.Count == 0 ? null : OperatingCurve.Of(groups);
    }

    private static void RequireFinite(ReadOnlySpan<float> map, string name)
    {
        if (!TensorPrimitives.IsFiniteAll(map)) throw new EdgeException($"The anomaly map of {name} has values that are not finite; the model can't be evaluated.");
    }
}
