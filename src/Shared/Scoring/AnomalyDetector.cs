using Edge.Imaging;
using Edge.Packages;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Edge.Scoring;

/// <summary>How the graph is run.</summary>
public sealed record DetectorOptions
{
    /// <summary>Threads of one session; 0 = all cores.</summary>
    public int Threads { get; init; }

    /// <summary>Detectors of the same package (or of versions with the same graph) and as many threads run on one session: memory once, not for each.</summary>
    public bool Shared { get; init; }
}

/// <summary>
/// One ONNX Runtime session on a package's graph, with its input and outputs bound once to memory of ours: <see cref="Run"/>
/// neither copies nor allocates per picture. Not thread-safe: the loop that owns it runs it. The session itself may be shared.
/// </summary>
public sealed class AnomalyDetector : IDisposable
{
    private readonly SharedSession shared;
    private readonly InferenceSession session;
    private readonly OrtIoBinding binding;
    private readonly RunOptions runOptions = new();
    private readonly OrtValue[] values;
    private readonly byte[] image;
    private readonly float[] score, map;
    private readonly TileGrid? grid;
    private readonly byte[] input;   // the whole picture and its map; the graph's own without tiles
    private readonly float[] output;
    private bool disposed;

    /// <summary>Columns of the input and of the map, pixels.</summary>
    public int Width { get; }

    /// <summary>Rows of the input and of the map, pixels.</summary>
    public int Height { get; }

    private AnomalyDetector(SharedSession shared, InputSpec spec, TileGrid? grid)
    {
        (this.shared, session, this.grid, Width, Height) = (shared, shared.Session, grid, spec.Width, spec.Height);
        (int count, int height, int width) = grid is null ? (1, Height, Width) : (grid.Count, grid.TileHeight, grid.TileWidth);
        image = GC.AllocateArray<byte>(count * height * width * 3, pinned: true);
        score = GC.AllocateArray<float>(count, pinned: true);
        map = GC.AllocateArray<float>(count * height * width, pinned: true);
        (input, output) = grid is null ? (image, map) : (new byte[Height * Width * 3], new float[Height * Width]);
        values =
        [
            OrtValue.CreateTensorValueFromMemory(image, [count, height, width, 3]),
            OrtValue.CreateTensorValueFromMemory(score, [count]),
            OrtValue.CreateTensorValueFromMemory(map, [count, height, width]),
        ];
        binding = session.CreateIoBinding();
        binding.BindInput("image", values[0]);
        binding.BindOutput("image_score", values[1]);
        binding.BindOutput("anomaly_map", values[2]);
    }

    /// <summary>Loads a package's graph and checks its signature.</summary>
    /// <exception cref="EdgeException">Not loadable, or not the graph signature.</exception>
    public static AnomalyDetector Load(Package package, DetectorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(package);
        return Load(package.ModelPath, package.Manifest.Input, options ?? new DetectorOptions(), package.Manifest.Files[PackageFiles.Model]);
    }

    /// <summary>Loads a bare graph file (before it is in a package) that takes the whole picture.</summary>
    /// <exception cref="EdgeException">Not loadable, or not the graph signature.</exception>
    public static AnomalyDetector Load(string modelPath, int width, int height, DetectorOptions? options = null) =>
        Load(modelPath, new InputSpec { Width = width, Height = height }, options);

    /// <summary>Loads a bare graph file (before it is in a package).</summary>
    /// <param name="input">Size of the picture, and its tiles if it has any.</param>
    /// <exception cref="EdgeException">Not loadable, or not the graph signature.</exception>
    public static AnomalyDetector Load(string modelPath, InputSpec input, DetectorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Load(modelPath, input, options ?? new DetectorOptions(), null);
    }

    /// <param name="sha256">Of the verified file; null = it can't be shared.</param>
    private static AnomalyDetector Load(string modelPath, InputSpec input, DetectorOptions options, string? sha256)
    {
        TileGrid? grid = input.Tiles is null ? null : new TileGrid(input);
        (int count, int height, int width) = grid is null ? (1, input.Height, input.Width) : (grid.Count, grid.TileHeight, grid.TileWidth);
        SharedSession? shared = null;
        try
        {
            shared = SharedSession.Take(options.Shared ? sha256 : null, options.Threads, () =>
            {
                using SessionOptions sessionOptions = Accelerator.CreateSessionOptions(options);
                return new InferenceSession(modelPath, sessionOptions);
            });
            Require(modelPath, shared.Session.InputMetadata, "image", TensorElementType.UInt8, [count, height, width, 3]);
            Require(modelPath, shared.Session.OutputMetadata, "image_score", TensorElementType.Float, [count]);
            Require(modelPath, shared.Session.OutputMetadata, "anomaly_map", TensorElementType.Float, [count, height, width]);
            return new AnomalyDetector(shared, input, grid);
        }
        catch (OnnxRuntimeException e)
        {
            shared?.Dispose();
            throw new EdgeException($"{modelPath} cannot be loaded: {e.Message}", e);
        }
        catch (EdgeException)
        {
            shared?.Dispose();
            throw;
        }
    }

    /// <summary>uint8 [H, W, 3], RGB: write the picture here, then <see cref="Run"/>.</summary>
    public Span<byte> Input => input;

    /// <summary>float32 [H, W], raw, of the last <see cref="Run"/>; overwritten by the next.</summary>
    public ReadOnlySpan<float> Map => output;

    /// <summary>
    /// Runs the graph on <see cref="Input"/>; returns the raw image score (larger = more anomalous, may be NaN if the graph says so). Tiles are
    /// one batch; the most anomalous one's score is the picture's.
    /// </summary>
    public float Run()
    {
        ObjectDisposedException.ThrowIf(disposed, this);   // the runtime itself does not notice, and hangs
        grid?.Cut(input, image);
        session.RunWithBinding(runOptions, binding);
        grid?.Stitch(map, output);
        return Largest(score);
    }

    /// <summary>Warms up (the first run allocates and plans: not on a part's time) and runs the golden images of a package.</summary>
    /// <exception cref="EdgeException">The graph can't be run, or as <see cref="CheckGolden"/>.</exception>
    public void Prove(Package package)
    {
        try
        {
            Run();
            CheckGolden(package);
        }
        catch (OnnxRuntimeException e)
        {
            throw new EdgeException($"The graph cannot be run: {e.Message}", e);
        }
    }

    /// <summary>Runs the golden images of a package.</summary>
    /// <exception cref="EdgeException">A score or a map's largest value differs by more than the package's tolerance, or an image can't be read.</exception>
    public void CheckGolden(Package package)
    {
        ArgumentNullException.ThrowIfNull(package);
        ImageBuffer picture = new();
        Preprocessor identity = new(new InputSpec { Width = Width, Height = Height });
        foreach (GoldenImage golden in package.Golden.Images)
        {
            ImageFile.Read(package.GoldenPath(golden), picture);
            if ((picture.Width, picture.Height) != (Width, Height))
                throw new EdgeException($"Golden image {golden.File} is {picture.Width}×{picture.Height}, the model's input {Width}×{Height}.");
            identity.Apply(picture, Input);
            Compare(golden.File, "score", golden.Score, Run(), package.Golden.Tolerance);
            Compare(golden.File, "largest map value", golden.MapMax, Largest(output), package.Golden.Tolerance);
        }
    }

    private static float Largest(ReadOnlySpan<float> values)
    {
        float largest = float.NegativeInfinity;
        foreach (float value in values) largest = Math.Max(largest, value);   // Math.Max keeps a NaN
        return largest;
    }

    private static void Compare(string file, string what, float expected, float actual, double tolerance)
    {
        double difference = Math.Abs((double)expected - actual) / Math.Max(Math.Max(Math.Abs(expected), Math.Abs(actual)), 1e-12);
        if (!(difference <= tolerance))
            throw new EdgeException($"Golden image {file}: {what} is {actual}, expected {expected} (relative difference {difference:G3}, allowed {tolerance:G3}).");
    }

    private static void Require(string path, IReadOnlyDictionary<string, NodeMetadata> nodes, string name, TensorElementType type, int[] shape)
    {
        if (!nodes.TryGetValue(name, out NodeMetadata? node))
            throw new EdgeException($"{path} has no '{name}'; it has {string.Join(", ", nodes.Keys)}.");
        // -1 is a symbolic dimension: any size.
        bool fits = node.IsTensor && node.ElementDataType == type && node.Dimensions.Length == shape.Length
            && node.Dimensions.Zip(shape).All(d => d.First == d.Second || d.First == -1);
        if (!fits)
            throw new EdgeException($"'{name}' of {path} is {node.ElementDataType} [{string.Join(", ", node.Dimensions)}], expected {type} [{string.Join(", ", shape)}].");
    }

    /// <summary>From another thread: the run under way ends with an exception after the operator that it is in, and every later one at once.</summary>
    internal void Abort()
    {
        lock (values)
            if (!disposed) runOptions.Terminate = true;
    }

    public void Dispose()
    {
        lock (values)
        {
            if (disposed) return;
            disposed = true;
            runOptions.Dispose();
        }
        binding.Dispose();
        foreach (OrtValue value in values) value.Dispose();
        shared.Dispose();
    }
}
