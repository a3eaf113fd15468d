using Edge.Packages;

namespace Edge.Scoring;

/// <summary>How the graph is run.</summary>
public sealed record DetectorOptions
{
    /// <summary>Threads of one session; 0 = all cores.</summary>
    public int Threads { get; init; }
}

/// <summary>
/// One ONNX Runtime session on a package's graph, with its input and outputs bound once: <see cref="Run"/> allocates next to
/// nothing. Not thread-safe: the loop that owns it runs it.
/// </summary>
public sealed class AnomalyDetector : IDisposable
{
    public int Width => throw new NotImplementedException();
    public int Height => throw new NotImplementedException();

    /// <summary>Loads a package's graph and checks its signature.</summary>
    public static AnomalyDetector Load(Package package, DetectorOptions? options = null) => throw new NotImplementedException();

    /// <summary>Loads a bare graph file (before it is in a package).</summary>
    /// <exception cref="EdgeException">Not loadable, or not the graph signature.</exception>
    public static AnomalyDetector Load(string modelPath, int width, int height, DetectorOptions? options = null) => throw new NotImplementedException();

    /// <summary>uint8 [H, W, 3], RGB: write the picture here, then <see cref="Run"/>.</summary>
    public Span<byte> Input => throw new NotImplementedException();

    /// <summary>Runs the graph on <see cref="Input"/>; returns the raw image score.</summary>
    public float Run() => throw new NotImplementedException();

    /// <summary>float32 [H, W], raw, of the last <see cref="Run"/>; overwritten by the next.</summary>
    public ReadOnlySpan<float> Map => throw new NotImplementedException();

    /// <summary>Runs the golden images; throws when one differs by more than the package's tolerance.</summary>
    public void CheckGolden(Package package) => throw new NotImplementedException();

    public void Dispose() { }
}
