using Edge.Scoring;
using Edge.Training.Data;
using Microsoft.ML.OnnxRuntime;

namespace Edge.Training.Onnx.Quantisation;

/// <summary>What the values of a graph are on real pictures.</summary>
internal static class ActivationRanges
{
    /// <returns>Smallest and largest of each value, 0 included.</returns>
    public static IReadOnlyDictionary<string, ActivationRange> Observe(
        GraphFile file, IReadOnlyList<string> values, IEnumerable<LoadedPicture> pictures, int height, int width, int threads, CancellationToken cancellation)
    {
        Dictionary<string, ActivationRange> ranges = values.ToDictionary(v => v, _ => ActivationRange.Empty);
        using SessionOptions options = Accelerator.CreateSessionOptions(new DetectorOptions { Threads = threads });
        using InferenceSession session = new(file.Computing([.. values]), options);
        using RunOptions run = new();
        foreach (LoadedPicture picture in pictures)
        {
            cancellation.ThrowIfCancellationRequested();
            using OrtValue image = OrtValue.CreateTensorValueFromMemory(picture.Rgb, [1, height, width, 3]);
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["image"], [image], values);
            for (int i = 0; i < values.Count; i++) ranges[values[i]] = ranges[values[i]].With(outputs[i].GetTensorDataAsSpan<float>());
        }
        return ranges;
    }
}
