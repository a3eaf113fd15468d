using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Data;

namespace Edge.Training.Runs;

/// <summary>Pictures with known answers inside the package: whoever loads it replays them before the line depends on it.</summary>
internal static class GoldenImages
{
    private const int Normal = 3, Anomalous = 3;

    // Another CPU or a GPU rounds differently: PatchCore (1e-4 here) was seen at some 1e-4 on reduced-precision matrix units.
    public const double OtherMachines = 10;

    /// <summary>Writes <c>golden/0001.png</c> … at the model's size, and <c>golden/expected.json</c>.</summary>
    /// <param name="tolerance">Relative difference between two runtimes on this machine.</param>
    public static void Write(PackageDraft draft, AnomalyDetector detector, IReadOnlyList<LoadedPicture> pictures, double tolerance)
    {
        List<GoldenImage> images = [];
        foreach (LoadedPicture picture in pictures.Where(p => p.Picture.IsNormal).Take(Normal).Concat(pictures.Where(p => !p.Picture.IsNormal).Take(Anomalous)))
        {
            string file = $"{images.Count + 1:0000}.png";
            ImageFile.WritePng(Path.Combine(draft.Folder, "golden", file), picture.Rgb, detector.Width, detector.Height, PixelFormat.Rgb24);
            picture.Rgb.CopyTo(detector.Input);
            float score = detector.Run(), largest = float.NegativeInfinity;
            foreach (float value in detector.Map) largest = Math.Max(largest, value);
            images.Add(new GoldenImage(file, score, largest));
        }
        draft.WriteGolden(new GoldenSet { Tolerance = OtherMachines * tolerance, Images = images });
    }
}
