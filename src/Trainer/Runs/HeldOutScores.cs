using Edge.Scoring;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Methods;

namespace Edge.Training.Runs;

/// <summary>What the graph says about normal pictures it was not fitted to.</summary>
/// <param name="Scores">Raw image scores.</param>
/// <param name="HeatmapRange">
/// Map values shown as 0 and 1: from the median of normal pixels to twice as far above it as their 99.9 % quantile. So a normal part
/// is dark, its liveliest pixels reach the middle of the scale, and what is clearly beyond them saturates.
/// </param>
internal sealed record HeldOutScores(float[] Scores, ValueRange HeatmapRange)
{
    private const int PixelsPerPicture = 4096;   // enough for the quantiles, and bounded

    public static HeldOutScores Of(AnomalyDetector detector, IReadOnlyList<Picture> pictures, TrainingContext context) =>
        context.Terminal.Progress("scoring held-out pictures", progress =>
        {
            List<float> scores = new(pictures.Count), pixels = [];
            foreach (LoadedPicture picture in PictureLoader.Stream(pictures, context.Input, context.Strict, context.Skipped, context.Terminal, context.Cancellation))
            {
                picture.Rgb.CopyTo(detector.Input);
                scores.Add(detector.Run());
                AddPixels(pixels, detector.Map);
                progress.Report((double)scores.Count / pictures.Count);
            }
            return new HeldOutScores([.. scores], RangeOf(pixels));
        });

    /// <summary>Where none can be held out: what the method says about each picture it learnt from, had it learnt from the others only.</summary>
    public static HeldOutScores LeftOut(DetectionMethod method, IReadOnlyList<LoadedPicture> pictures, TrainingContext context)
    {
        Terminal quiet = new(TextWriter.Null, interactive: false, TimeProvider.System);   // of the many small fits; progress here is theirs together
        return context.Terminal.Progress("leaving one out", progress =>
        {
            List<float> scores = [], pixels = [];
            foreach ((float score, float[] map) in method.LeaveOneOut(pictures, context with { Terminal = quiet }))
            {
                context.Cancellation.ThrowIfCancellationRequested();
                scores.Add(score);
                AddPixels(pixels, map);
                progress.Report(Math.Min(1, (double)scores.Count / pictures.Count));
            }
            return new HeldOutScores([.. scores], RangeOf(pixels));
        });
    }

    private static void AddPixels(List<float> pixels, ReadOnlySpan<float> map)
    {
        // An odd stride shares no factor with a width that is a power of two, so all columns are visited.
        int stride = Math.Max(1, map.Length / PixelsPerPicture) | 1;
        for (int i = 0; i < map.Length; i += stride) pixels.Add(map[i]);
    }

    internal static ValueRange RangeOf(List<float> pixels)
    {
        if (pixels.Count == 0) return new ValueRange(0, 1);
        pixels.Sort();
        float median = pixels[pixels.Count / 2], top = pixels[(int)(0.999 * (pixels.Count - 1))];
        // Pictures without any variation still need a range that is one.
        return new ValueRange(median, Math.Max(median + 2 * (top - median), median + Math.Max(1e-3f * Math.Abs(median), 1e-6f)));
    }
}
