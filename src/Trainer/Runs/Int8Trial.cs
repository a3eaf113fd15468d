using System.Globalization;
using Edge.Scoring;
using Edge.Training.Data;
using Edge.Training.Evaluation;
using Edge.Training.Methods;
using Edge.Training.Onnx;
using Edge.Training.Onnx.Quantisation;
using Google.Protobuf;

namespace Edge.Training.Runs;

/// <summary>
/// A graph with integer convolutions, and whether it may take the place of the float one: on held-out normal pictures and 64 copies with a
/// pasted patch (or as many as there are pictures), neither of which it was calibrated with, its AUROC may be lower by <see cref="AllowedLoss"/> and the order of all scores must be
/// nearly the same.
/// </summary>
/// <param name="Convolutions">That run in integers.</param>
/// <param name="FloatAuroc">Of held-out pictures against those with a patch.</param>
/// <param name="RankCorrelation">Spearman's, of all scores.</param>
internal sealed record Int8Trial(int Convolutions, int Pictures, int Pasted, double FloatAuroc, double Auroc, double RankCorrelation)
{
    public const double MostAurocLoss = 0.01, LeastRankCorrelation = 0.95;

    /// <summary>Relative difference between an int8 graph and TorchSharp in float32, on real pictures.</summary>
    public const double Tolerance = 0.25;

    /// <summary>Between two processors, before <see cref="GoldenImages"/>' allowance: integers are exact, their rounding from floats is not.</summary>
    public const double GoldenTolerance = 2e-3;

    private const int MostPictures = 64, Seed = 1;

    /// <summary>Fewer than ten normal pictures can't resolve that much: one of them in another place moves the AUROC by up to 1 / Pictures.</summary>
    public double AllowedLoss => Math.Max(MostAurocLoss, 0.1 / Pictures);

    public bool Accepted => Auroc >= FloatAuroc - AllowedLoss && RankCorrelation >= LeastRankCorrelation;

    public string Words => string.Create(CultureInfo.InvariantCulture,
        $"AUROC {Auroc:0.0000} (float32 {FloatAuroc:0.0000}; at most {AllowedLoss:0.000} less is allowed), rank correlation {RankCorrelation:0.0000} (at least {LeastRankCorrelation}) on {Pictures} held-out normal pictures and {Pasted} copies with a pasted patch");

    /// <summary>Writes the int8 graph and compares. Ranges come from pictures the method learnt from, with and without patches.</summary>
    /// <param name="exported">The float graph's file, <paramref name="floats"/> its detector.</param>
    /// <exception cref="EdgeException">The graph has no convolutions that could be quantised.</exception>
    public static Int8Trial Run(string exported, string path, DetectionMethod method, AnomalyDetector floats, Split split, int threads, TrainingContext context)
    {
        GraphFile file = new(exported);
        ConvolutionalPart part = new(file.Model.Graph);
        if (part.Convolutions.Count == 0) throw new EdgeException("--int8: this method's graph has no convolutions to quantise.");
        context = context with { Skipped = [] };   // reported already
        context.Terminal.Line($"int8: {part.Convolutions.Count} convolutions");
        List<LoadedPicture> learnt = Load(split.Training, context);
        IReadOnlyDictionary<string, ActivationRange> ranges = ActivationRanges.Observe(
            file, part.Values, learnt.Concat(PastedPatches.Of(learnt, context.Input, 0, Seed)), context.Input.Height, context.Input.Width, threads, context.Cancellation);
        using (FileStream stream = File.Create(path)) QuantisedGraph.Of(file.Model, part, ranges).WriteTo(stream);
        method.Relearn(path, split.Training, context);

        List<LoadedPicture> held = Load(split.Calibration, context), pasted = [.. PastedPatches.Of(held, context.Input, MostPictures, Seed + 1)];
        using AnomalyDetector integers = AnomalyDetector.Load(path, context.Input, new DetectorOptions { Threads = threads });
        (float[] normal, float[] anomalous) = (Scores(floats, held, context), Scores(floats, pasted, context));
        (float[] normal8, float[] anomalous8) = (Scores(integers, held, context), Scores(integers, pasted, context));
        return new Int8Trial(part.Convolutions.Count, held.Count, pasted.Count, ImageMetrics.Auroc(normal, anomalous) ?? 0, ImageMetrics.Auroc(normal8, anomalous8) ?? 0,
            Spearman([.. normal, .. anomalous], [.. normal8, .. anomalous8]));
    }

    private static float[] Scores(AnomalyDetector detector, List<LoadedPicture> pictures, TrainingContext context) => [.. pictures.Select(p =>
    {
        context.Cancellation.ThrowIfCancellationRequested();
        p.Rgb.CopyTo(detector.Input);
        return detector.Run();
    })];

    private static List<LoadedPicture> Load(IReadOnlyList<Picture> pictures, TrainingContext context)
    {
        // By content, so that it does not depend on names.
        Picture[] chosen = [.. pictures.OrderBy(p => p.Sha256, StringComparer.Ordinal).Take(MostPictures)];
        return [.. PictureLoader.Stream(chosen, context.Input, context.Strict, context.Skipped, context.Terminal, context.Cancellation)];
    }

    /// <summary>Pearson's correlation of the ranks, ties at their mean; 1 where one side has no order.</summary>
    internal static double Spearman(float[] a, float[] b)
    {
        double[] ra = Ranks(a), rb = Ranks(b);
        double mean = (a.Length - 1) / 2.0, both = 0, left = 0, right = 0;
        for (int i = 0; i < a.Length; i++)
        {
            both += (ra[i] - mean) * (rb[i] - mean);
            left += (ra[i] - mean) * (ra[i] - mean);
            right += (rb[i] - mean) * (rb[i] - mean);
        }
        return left == 0 || right == 0 ? (left == right ? 1 : 0) : both / Math.Sqrt(left * right);
    }

    private static double[] Ranks(float[] values)
    {
        int[] order = [.. Enumerable.Range(0, values.Length).OrderBy(i => values[i])];
        double[] ranks = new double[values.Length];
        for (int i = 0; i < order.Length;)
        {
            int end = i;
            while (end < order.Length && values[order[end]] == values[order[i]]) end++;
            for (int k = i; k < end; k++) ranks[order[k]] = (i + end - 1) / 2.0;
            i = end;
        }
        return ranks;
    }
}
