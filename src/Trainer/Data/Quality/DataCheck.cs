using System.Globalization;
using System.Text.Json.Serialization;

namespace Edge.Training.Data.Quality;

[JsonConverter(typeof(JsonStringEnumConverter<Finding>))]
internal enum Finding
{
    [JsonStringEnumMemberName("none")] None = 0,
    [JsonStringEnumMemberName("unreadable")] Unreadable,
    [JsonStringEnumMemberName("duplicate")] Duplicate,
    [JsonStringEnumMemberName("near-duplicate")] NearDuplicate,
    [JsonStringEnumMemberName("blurred")] Blurred,
    [JsonStringEnumMemberName("odd-size")] OddSize,
    [JsonStringEnumMemberName("overexposed")] Overexposed,
    [JsonStringEnumMemberName("underexposed")] Underexposed,
    [JsonStringEnumMemberName("mislabelled-suspect")] MislabelledSuspect,
}

/// <param name="File">Path below the data set's folder.</param>
/// <param name="Other">The picture it equals or resembles.</param>
internal sealed record CheckFinding(string File, Finding Finding, string Detail, string? Other = null);

/// <summary>
/// What is unusual about the pictures of a set. Blur, exposure and size are compared with the set itself: what is usual
/// depends on part, lens and light. A value is unusual when it is far outside the spread of the middle half, and by an amount that matters.
/// </summary>
internal static class DataCheck
{
    /// <summary>Below this there is no "usual".</summary>
    public const int Fewest = 8;

    private const double Spreads = 6;   // of a normal distribution's standard deviation, from the median absolute deviation

    public static IEnumerable<CheckFinding> Run(IReadOnlyList<ExaminedPicture> pictures) =>
        Duplicates(pictures).Concat(pictures.Count < Fewest ? [] : [.. Sizes(pictures), .. Blurred(pictures), .. Exposure(pictures)]);

    private static IEnumerable<CheckFinding> Duplicates(IReadOnlyList<ExaminedPicture> pictures)
    {
        Groups groups = new(pictures);
        Dictionary<string, int> first = [];
        for (int i = 0; i < pictures.Count; i++)
        {
            ExaminedPicture picture = pictures[i];
            bool same = !first.TryAdd(picture.Sha256, i);
            int other = same ? first[picture.Sha256] : groups.Root(i);
            if (other == i) continue;
            ExaminedPicture kept = pictures[other];
            string where = Side(picture) != Side(kept) ? "; one is trained on, the other tested on" : picture.File.Label != kept.File.Label ? $"; labels {kept.File.Label} and {picture.File.Label}" : "";
            yield return new CheckFinding(picture.File.Name, same ? Finding.Duplicate : Finding.NearDuplicate, $"{(same ? "the same file as" : "nearly the same picture as")} {kept.File.Name}{where}", kept.File.Name);
        }
    }

    private static string Side(ExaminedPicture picture) => picture.File.Name.Split('/')[0];

    private static IEnumerable<CheckFinding> Sizes(IReadOnlyList<ExaminedPicture> pictures)
    {
        IGrouping<(int Width, int Height), ExaminedPicture> usual = pictures.GroupBy(p => (p.Width, p.Height)).MaxBy(g => g.Count())!;
        if (usual.Count() * 2 <= pictures.Count) yield break;   // sizes vary: none is odd
        foreach (ExaminedPicture p in pictures.Where(p => (p.Width, p.Height) != usual.Key))
            yield return new CheckFinding(p.File.Name, Finding.OddSize, $"{p.Width}×{p.Height}, usual {usual.Key.Width}×{usual.Key.Height}");
    }

    private static IEnumerable<CheckFinding> Blurred(IReadOnlyList<ExaminedPicture> pictures)
    {
        // In logarithms, as sharpness differs by factors.
        (double usual, double spread) = Usual(pictures.Select(p => Math.Log(p.Sharpness + 1e-3)));
        foreach (ExaminedPicture p in pictures)
        {
            double ratio = Math.Exp(Math.Log(p.Sharpness + 1e-3) - usual);
            if (ratio < 0.5 && Math.Log(ratio) < -Spreads * spread)
                yield return new CheckFinding(p.File.Name, Finding.Blurred, string.Create(CultureInfo.InvariantCulture, $"edges have {ratio:P0} of the usual strength (variance of the Laplacian {p.Sharpness:G3})"));
        }
    }

    private static IEnumerable<CheckFinding> Exposure(IReadOnlyList<ExaminedPicture> pictures)
    {
        (double usual, double spread) = Usual(pictures.Select(p => p.Brightness));
        (double black, _) = Usual(pictures.Select(p => p.Black));
        (double white, _) = Usual(pictures.Select(p => p.White));
        foreach (ExaminedPicture p in pictures)
        {
            double off = p.Brightness - usual;
            bool odd = Math.Abs(off) > Math.Max(Spreads * spread, 20);
            if ((odd && off > 0) || p.White > white + 0.2)
                yield return new CheckFinding(p.File.Name, Finding.Overexposed, Words(p, "white", p.White, white, usual));
            else if ((odd && off < 0) || p.Black > black + 0.2)
                yield return new CheckFinding(p.File.Name, Finding.Underexposed, Words(p, "black", p.Black, black, usual));
        }
    }

    private static string Words(ExaminedPicture p, string color, double share, double usualShare, double usual) =>
        string.Create(CultureInfo.InvariantCulture, $"mean brightness {p.Brightness:0} of 255 (usual {usual:0}), {share:P0} of the pixels {color} (usual {usualShare:P0})");

    /// <summary>Median, and the median absolute deviation scaled to a normal distribution's standard deviation.</summary>
    public static (double Median, double Spread) Usual(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        double median = sorted[sorted.Length / 2];
        double[] deviations = [.. sorted.Select(v => Math.Abs(v - median)).Order()];
        return (median, 1.4826 * deviations[deviations.Length / 2]);
    }
}
