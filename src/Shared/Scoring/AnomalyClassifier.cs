using Edge.Imaging;
using Edge.Packages;

namespace Edge.Scoring;

/// <param name="Score">Raw image score; larger = more anomalous.</param>
public readonly record struct Classification(float Score, Verdict Verdict);

/// <summary>
/// A package, ready to judge pictures of any size: preprocessing, graph and threshold as the line uses them. Not thread-safe; one
/// per thread.
/// </summary>
public sealed class AnomalyClassifier : IDisposable
{
    private readonly AnomalyDetector detector;
    private readonly Preprocessor preprocessor;
    private readonly ImageBuffer picture = new();

    public Package Package { get; }

    private AnomalyClassifier(Package package, AnomalyDetector detector)
    {
        (Package, this.detector) = (package, detector);
        preprocessor = new Preprocessor(package.Manifest.Input);
    }

    /// <param name="folder">models/&lt;name&gt;/&lt;version&gt;, or models/&lt;name&gt; for its current version.</param>
    /// <param name="trustedKeysFile">Public keys (PEM), one of which must have signed the package; null = it need not be signed.</param>
    /// <exception cref="EdgeException">There is no package, it is refused, or its graph can't be loaded.</exception>
    public static AnomalyClassifier Open(string folder, DetectorOptions? options = null, string? trustedKeysFile = null)
    {
        Package package = PackageStore.OpenAny(folder, trustedKeysFile);
        return new AnomalyClassifier(package, AnomalyDetector.Load(package, options));
    }

    /// <summary>Columns of <see cref="Image"/> and <see cref="Map"/>, pixels.</summary>
    public int Width => detector.Width;

    /// <summary>Rows of <see cref="Image"/> and <see cref="Map"/>, pixels.</summary>
    public int Height => detector.Height;

    /// <summary>What the model saw last: uint8 [Height, Width, 3], RGB; overwritten by the next picture.</summary>
    public ReadOnlySpan<byte> Image => detector.Input;

    /// <summary>Anomaly map of the last picture: float32 [Height, Width], raw; overwritten by the next.</summary>
    public ReadOnlySpan<float> Map => detector.Map;

    /// <summary>Raw image score of a picture in memory.</summary>
    /// <exception cref="EdgeException">The package's region does not lie inside the picture.</exception>
    public float Predict(ImageBuffer image)
    {
        preprocessor.Apply(image, detector.Input);
        return detector.Run();
    }

    /// <summary>Raw image score of a picture file.</summary>
    /// <exception cref="EdgeException">The file can't be read, or the package's region does not lie inside the picture.</exception>
    public float Predict(string file)
    {
        ImageFile.Read(file, picture);
        return Predict(picture);
    }

    /// <summary>Score and verdict at the package's threshold; a score that is not finite is <see cref="Verdict.Uninspected"/>.</summary>
    /// <exception cref="EdgeException">As <see cref="Predict(ImageBuffer)"/>.</exception>
    public Classification Classify(ImageBuffer image) => Judge(Predict(image));

    /// <summary>As <see cref="Classify(ImageBuffer)"/>, of a picture file.</summary>
    /// <exception cref="EdgeException">As <see cref="Predict(string)"/>.</exception>
    public Classification Classify(string file) => Judge(Predict(file));

    private Classification Judge(float score) => new(score, Package.Manifest.Calibration.Decide(score));

    public void Dispose() => detector.Dispose();
}
