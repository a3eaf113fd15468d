using Edge.Synthetic;

namespace Edge.Training.Samples;

/// <summary>One picture to render.</summary>
/// <param name="File">Below the data set's folder, with forward slashes.</param>
/// <param name="Mask">Likewise; null for a normal part.</param>
/// <param name="Index">Number of the part.</param>
internal sealed record Sample(string File, string? Mask, int Index, Defect Defect)
{
    /// <summary>
    /// The MVTec layout. Training parts, test parts and the parts of each defect have numbers of their own, so a larger set
    /// contains the smaller one of the same seed, and no part is seen twice.
    /// </summary>
    public static IReadOnlyList<Sample> Plan(int normals, int testNormals, int perDefect) =>
    [
        .. Enumerable.Range(0, normals).Select(i => new Sample($"train/good/{i:0000}.jpg", null, i, Defect.None)),
        .. Enumerable.Range(0, testNormals).Select(i => new Sample($"test/good/{i:0000}.jpg", null, 1_000_000 + i, Defect.None)),
        .. Enum.GetValues<Defect>().Where(d => d != Defect.None).SelectMany(d => Enumerable.Range(0, perDefect).Select(i =>
        {
            string name = d.ToString().ToLowerInvariant();
            return new Sample($"test/{name}/{i:0000}.jpg", $"ground_truth/{name}/{i:0000}_mask.png", 1_000_000 * (1 + (int)d) + i, d);
        })),
    ];
}
