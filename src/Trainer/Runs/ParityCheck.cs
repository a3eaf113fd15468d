using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Data;
using Edge.Training.Methods;
using TorchSharp;

namespace Edge.Training.Runs;

/// <summary>ONNX Runtime and the training framework must say the same about real pictures before anything is published.</summary>
internal static class ParityCheck
{
    /// <exception cref="EdgeException">They differ by more than the tolerance; the message names the picture.</exception>
    /// <param name="answer">The training framework's score and map of a picture, uint8 [1, H, W, 3].</param>
    /// <param name="tolerance">Largest relative difference that rounding explains.</param>
    public static ParityInfo Run(
        Func<torch.Tensor, (torch.Tensor Score, torch.Tensor Map)> answer, double tolerance, AnomalyDetector detector, IReadOnlyList<LoadedPicture> pictures,
        TrainingContext context) =>
        context.Terminal.Progress("comparing ONNX Runtime and TorchSharp", progress =>
        {
            double largestScore = 0, largestMap = 0;
            for (int i = 0; i < pictures.Count; i++)
            {
                context.Cancellation.ThrowIfCancellationRequested();
                using DisposeScope scope = torch.NewDisposeScope();
                pictures[i].Rgb.CopyTo(detector.Input);
                float score = detector.Run();
                (torch.Tensor expected, torch.Tensor map) = answer(torch.from_array(pictures[i].Rgb).reshape(1, detector.Height, detector.Width, 3));
                double scoreDifference = Difference(score, expected.item<float>(), Math.Max(Math.Abs(score), Math.Abs(expected.item<float>())));
                double mapDifference = Largest(detector.Map, map.Values<float>());
                if (!(scoreDifference <= tolerance && mapDifference <= tolerance))
                    throw new EdgeException($"The exported graph differs from the trained model on {pictures[i].Picture.Path}: score by {scoreDifference:G3}, map by {mapDifference:G3} (relative; allowed {tolerance:G3}). Nothing was published.");
                (largestScore, largestMap) = (Math.Max(largestScore, scoreDifference), Math.Max(largestMap, mapDifference));
                progress.Report((i + 1.0) / pictures.Count);
            }
            return new ParityInfo(pictures.Count, largestScore, largestMap, tolerance);
        });

    /// <summary>Largest difference over the largest value.</summary>
    private static double Largest(ReadOnlySpan<float> a, float[] b)
    {
        double difference = 0, largest = 0;
        for (int i = 0; i < b.Length; i++)
        {
            double d = Math.Abs((double)a[i] - b[i]);
            difference = double.IsNaN(d) ? double.PositiveInfinity : Math.Max(difference, d);
            largest = Math.Max(largest, Math.Abs(b[i]));
        }
        return difference == 0 ? 0 : difference / largest;
    }

    private static double Difference(double a, double b, double scale) => a == b ? 0 : Math.Abs(a - b) / scale;
}
