using System.Text.Json.Serialization;
using Edge.Imaging;

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
/// depends on part, lens and light.
/// </summary>
internal static class DataCheck
{
    public const int Fewest = PictureQuality.Fewest;

    public static IEnumerable<CheckFinding> Run(IReadOnlyList<ExaminedPicture> pictures) =>
        Duplicates(pictures).Concat(pictures.Count < Fewest ? [] : [.. Sizes(pictures), .. Qualities(pictures)]);

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

    private static IEnumerable<CheckFinding> Qualities(IReadOnlyList<ExaminedPicture> pictures)
    {
        UsualQuality usual = new([.. pictures.Select(p => p.Quality)]);
        foreach (ExaminedPicture p in pictures)
            if (usual.WhyBlurred(p.Quality) is { } blurred) yield return new CheckFinding(p.File.Name, Finding.Blurred, blurred);
        foreach (ExaminedPicture p in pictures)
        {
            if (usual.WhyOverexposed(p.Quality) is { } bright) yield return new CheckFinding(p.File.Name, Finding.Overexposed, bright);
            else if (usual.WhyUnderexposed(p.Quality) is { } dark) yield return new CheckFinding(p.File.Name, Finding.Underexposed, dark);
        }
    }
}
