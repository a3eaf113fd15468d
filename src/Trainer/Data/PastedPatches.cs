using Edge.Imaging;

namespace Edge.Training.Data;

/// <summary>
/// Anomalies that need no defects: a small rectangle of one normal picture pasted elsewhere into another (CutPaste, Li et al., arXiv 2104.04015).
/// For comparing two graphs of one model, not for training and not for a threshold.
/// </summary>
internal static class PastedPatches
{
    private const double LeastArea = 0.002, MostArea = 0.03, MostElongated = 4;   // of the picture; side ratio

    /// <returns>At least one for each picture, its patch from another one, and at least <paramref name="least"/>.</returns>
    public static IEnumerable<LoadedPicture> Of(IReadOnlyList<LoadedPicture> pictures, InputSpec input, int least, int seed)
    {
        Random random = new(seed);
        for (int n = 0; n < Math.Max(pictures.Count, least); n++)
        {
            (int i, int from) = (n % pictures.Count, (n + 1 + n / pictures.Count) % pictures.Count);
            double area = LeastArea * Math.Pow(MostArea / LeastArea, random.NextDouble()) * input.Width * input.Height;
            double ratio = Math.Pow(MostElongated, 2 * random.NextDouble() - 1);
            int width = Math.Clamp((int)Math.Sqrt(area * ratio), 2, input.Width), height = Math.Clamp((int)Math.Sqrt(area / ratio), 2, input.Height);
            int fromX = random.Next(input.Width - width + 1), fromY = random.Next(input.Height - height + 1);
            int toX = random.Next(input.Width - width + 1), toY = random.Next(input.Height - height + 1);
            byte[] rgb = [.. pictures[i].Rgb];
            for (int y = 0; y < height; y++)
                pictures[from].Rgb.AsSpan(((fromY + y) * input.Width + fromX) * 3, width * 3).CopyTo(rgb.AsSpan(((toY + y) * input.Width + toX) * 3));
            yield return pictures[i] with { Rgb = rgb };
        }
    }
}
