namespace Edge.Packages;

/// <summary>A verified package on disk. Immutable.</summary>
public sealed class Package
{
    public string Folder { get; }
    public Manifest Manifest { get; }
    public GoldenSet Golden { get; }
    public string ModelPath => Path.Combine(Folder, "model.onnx");
    public string GoldenPath(GoldenImage image) => Path.Combine(Folder, "golden", image.File);

    private Package(string folder, Manifest manifest, GoldenSet golden) => (Folder, Manifest, Golden) = (folder, manifest, golden);

    /// <summary>Opens and verifies everything: strict manifest, every file's SHA-256, no file too many, golden set readable.</summary>
    /// <exception cref="EdgeException">What is wrong with the package.</exception>
    public static Package Open(string folder) => throw new NotImplementedException();
}
