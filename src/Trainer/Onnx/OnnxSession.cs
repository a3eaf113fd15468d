using Edge.Scoring;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Edge.Training.Onnx;

/// <summary>A brought network as it is, in ONNX Runtime: the training's side of the comparison with our graph.</summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly OnnxNetwork network;
    private readonly IReadOnlyList<string> values;
    private readonly InferenceSession session;
    private readonly RunOptions options = new();

    /// <param name="values">What is computed.</param>
    /// <exception cref="EdgeException">ONNX Runtime refuses the network.</exception>
    public OnnxSession(OnnxNetwork network, IReadOnlyList<string> values, int threads = 0)
    {
        (this.network, this.values) = (network, values);
        network.Require(values);
        try
        {
            using SessionOptions settings = Accelerator.CreateSessionOptions(new DetectorOptions { Threads = threads });
            settings.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL;   // what it refuses is said in our words, once
            session = new InferenceSession(network.Cut(values), settings);
        }
        catch (OnnxRuntimeException e)
        {
            throw network.Refused($"ONNX Runtime says: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <param name="pictures">float32 [N, 3, height, width], normalised.</param>
    /// <returns>Each value with its shape.</returns>
    /// <exception cref="EdgeException">The network does not run at this size or number of pictures, or gives something else than float32.</exception>
    public IReadOnlyList<(long[] Shape, float[] Values)> Run(float[] pictures, int count, int height, int width)
    {
        try
        {
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(pictures, [count, 3, height, width]);
            using IDisposableReadOnlyCollection<OrtValue> results = session.Run(options, [network.Input], [input], values);
            return [.. results.Select(Copy)];
        }
        catch (OnnxRuntimeException e)
        {
            throw network.Refused($"it does not run with {count} pictures of {width}×{height}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    private (long[] Shape, float[] Values) Copy(OrtValue value, int index)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        return info.ElementDataType switch
        {
            TensorElementType.Float => (info.Shape, value.GetTensorDataAsSpan<float>().ToArray()),
            var other => throw network.Refused($"{values[index]} is {other}; float32 is expected"),
        };
    }

    public void Dispose()
    {
        options.Dispose();
        session.Dispose();
    }
}
