namespace Edge.Training.Evaluation;

/// <param name="Low">Smallest float that falls into the bin, and the largest.</param>
/// <param name="Weight">Sum of the anomalous values' weights.</param>
internal readonly record struct HistogramBin(float Low, float High, long Normal, long Anomalous, double Weight);

/// <summary>
/// Counts of map values in bins whose edges are floats rounded to 17 bits of mantissa: neighbouring bins are 2⁻¹⁷ (7.6e-6) of the
/// value apart, at any magnitude, without knowing the range beforehand. One pass, no sorting. Bins come in pages of 1024 that
/// exist once a value falls into them: 24 KiB a page, 3 MiB for each doubling of the value within the data's range, however many
/// pictures. Values of one bin count as ties, so an AUROC from these counts is off by at most ½ Σ n·a / (N·A) over the bins'
/// normal n and anomalous a, and in fact by far less, as the order within a bin is as good as random.
/// </summary>
internal sealed class ScoreHistogram
{
    private const int SubBits = 10, Dropped = 6;   // 16 bits choose the page, 10 the bin, the last 6 of 32 are dropped
    private readonly Page?[] pages = new Page?[1 << 16];

    public void AddNormal(float value) => PageOf(value, out int bin).Normal[bin]++;

    /// <param name="weight">1 / pixels of the value's region.</param>
    public void AddAnomalous(float value, double weight)
    {
        Page page = PageOf(value, out int bin);
        page.Anomalous[bin]++;
        page.Weight[bin] += weight;
    }

    /// <summary>The bins that hold something, highest values first.</summary>
    public IEnumerable<HistogramBin> Descending()
    {
        for (int p = pages.Length - 1; p >= 0; p--)
        {
            if (pages[p] is not { } page) continue;
            for (int bin = (1 << SubBits) - 1; bin >= 0; bin--)
            {
                if (page.Normal[bin] + page.Anomalous[bin] == 0) continue;
                uint lowest = ((uint)p << (Dropped + SubBits)) | ((uint)bin << Dropped);
                yield return new HistogramBin(Value(lowest), Value(lowest | ((1u << Dropped) - 1)), page.Normal[bin], page.Anomalous[bin], page.Weight[bin]);
            }
        }
    }

    /// <summary>The float at a place of the order; the inverse of what <see cref="PageOf"/> does.</summary>
    private static float Value(uint ordered) => BitConverter.UInt32BitsToSingle((ordered & 0x8000_0000) != 0 ? ordered ^ 0x8000_0000 : ~ordered);

    private Page PageOf(float value, out int bin)
    {
        // Order of floats as order of unsigned integers: negative ones are inverted, the others get the top bit. +0f turns −0 into 0.
        int bits = BitConverter.SingleToInt32Bits(value + 0f);
        uint ordered = (uint)bits ^ ((uint)(bits >> 31) | 0x8000_0000);
        bin = (int)(ordered >> Dropped) & ((1 << SubBits) - 1);
        return pages[ordered >> (Dropped + SubBits)] ??= new Page();
    }

    private sealed class Page
    {
        public readonly long[] Normal = new long[1 << SubBits];
        public readonly long[] Anomalous = new long[1 << SubBits];
        public readonly double[] Weight = new double[1 << SubBits];
    }
}
