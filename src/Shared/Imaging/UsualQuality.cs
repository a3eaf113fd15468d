using System.Globalization;

namespace Edge.Imaging;

/// <summary>
/// What is usual for pictures of one camera or one set, and what is not: far outside the spread of the middle half, and by an amount that
/// matters. What is usual depends on part, lens and light, so nothing here is absolute.
/// </summary>
internal sealed class UsualQuality
{
    private const double Spreads = 6;   // of a normal distribution's standard deviation, from the median absolute deviation

    private readonly (double Median, double Spread) sharpness, brightness, redOverBlue;
    private readonly double black, white;

    public UsualQuality(IReadOnlyCollection<PictureQuality> pictures)
    {
        sharpness = Usual(pictures.Select(p => Log(p.Sharpness)));   // in logarithms, as sharpness differs by factors
        brightness = Usual(pictures.Select(p => p.Brightness));
        redOverBlue = Usual(pictures.Select(p => p.RedOverBlue));
        (black, white) = (Usual(pictures.Select(p => p.Black)).Median, Usual(pictures.Select(p => p.White)).Median);
    }

    /// <summary>Null when the picture is as sharp as usual.</summary>
    public string? WhyBlurred(PictureQuality p)
    {
        double log = Log(p.Sharpness) - sharpness.Median;
        return log < Math.Log(0.5) && log < -Spreads * sharpness.Spread
            ? string.Create(CultureInfo.InvariantCulture, $"edges have {Math.Exp(log):P0} of the usual strength (variance of the Laplacian {p.Sharpness:G3})")
            : null;
    }

    /// <summary>Null when it is not too bright.</summary>
    public string? WhyOverexposed(PictureQuality p) =>
        IsOdd(p.Brightness - brightness.Median) || p.White > white + 0.2 ? Words(p, "white", p.White, white) : null;

    /// <summary>Null when it is not too dark.</summary>
    public string? WhyUnderexposed(PictureQuality p) =>
        IsOdd(brightness.Median - p.Brightness) || p.Black > black + 0.2 ? Words(p, "black", p.Black, black) : null;

    /// <summary>Null when red is red, or when the pictures have too little colour to tell.</summary>
    public string? WhySwapped(PictureQuality p) =>
        Math.Abs(redOverBlue.Median) > Math.Max(Spreads * redOverBlue.Spread, 6) && Math.Abs(p.RedOverBlue + redOverBlue.Median) < Math.Abs(p.RedOverBlue - redOverBlue.Median) / 2
            ? string.Create(CultureInfo.InvariantCulture, $"red minus blue is {p.RedOverBlue:0} grey levels, usual {redOverBlue.Median:0}: the colour channels are swapped")
            : null;

    private bool IsOdd(double off) => off > Math.Max(Spreads * brightness.Spread, 20);

    private string Words(PictureQuality p, string color, double share, double usualShare) =>
        string.Create(CultureInfo.InvariantCulture, $"mean brightness {p.Brightness:0} of 255 (usual {brightness.Median:0}), {share:P0} of the pixels {color} (usual {usualShare:P0})");

    private static double Log(double sharpness) => Math.Log(sharpness + 1e-3);

    /// <summary>Median, and the median absolute deviation scaled to a normal distribution's standard deviation.</summary>
    public static (double Median, double Spread) Usual(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        double median = sorted[sorted.Length / 2];
        double[] deviations = [.. sorted.Select(v => Math.Abs(v - median)).Order()];
        return (median, 1.4826 * deviations[deviations.Length / 2]);
    }
}
