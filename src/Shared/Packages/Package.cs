using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Edge.Imaging;

namespace Edge.Packages;

/// <summary>A verified package on disk. Immutable.</summary>
public sealed class Package
{
    public string Folder { get; }
    public Manifest Manifest { get; }
    public GoldenSet Golden { get; }
    public string ModelPath => Path.Combine(Folder, PackageFiles.Model);
    public string GoldenPath(GoldenImage image) => Path.Combine(Folder, "golden", image.File);

    /// <summary>Another version in the same models folder has the same graph, so their scores can be compared. False when it is not there or can't be read.</summary>
    public bool SharesGraphWith(int version)
    {
        if (version == Manifest.Version) return true;
        string other = Path.Combine(Folder, "..", $"{version}");
        try
        {
            Manifest manifest = Manifest.Parse(ReadJson(other, PackageFiles.Manifest));
            return (manifest.Name, manifest.Version) == (Manifest.Name, version) && manifest.Files.GetValueOrDefault(PackageFiles.Model) == Manifest.Files[PackageFiles.Model];
        }
        catch (Exception e) when (e is EdgeException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Null when it is not signed. Nobody has checked it unless <see cref="SignedBy"/> says so.</summary>
    public PackageSignature? Signature { get; private init; }

    /// <summary>Id of the trusted key whose signature was verified; null when none was asked for.</summary>
    public string? SignedBy { get; private init; }

    private Package(string folder, Manifest manifest, GoldenSet golden) => (Folder, Manifest, Golden) = (folder, manifest, golden);

    /// <summary>Opens and verifies everything: strict manifest, every file's SHA-256, no file too many, golden set readable.</summary>
    /// <param name="trusted">Then one of these keys must have signed it.</param>
    /// <exception cref="EdgeException">What is wrong with the package.</exception>
    public static Package Open(string folder, TrustedKeys? trusted = null)
    {
        folder = Path.GetFullPath(folder);
        if (!Directory.Exists(folder)) throw new EdgeException($"There is no package at {folder}.");
        try
        {
            byte[] json = ReadJson(folder, PackageFiles.Manifest);
            PackageSignature? signature = ReadSignature(folder);
            trusted?.Verify(json, signature);   // before anything in it is believed
            Manifest manifest = Manifest.Parse(json);
            Check(folder, manifest);
            GoldenSet golden = ReadJson(folder, PackageFiles.Expected, PackageJson.Default.GoldenSet);
            foreach (GoldenImage image in golden.Images)
                if (!manifest.Files.ContainsKey("golden/" + image.File)) throw new EdgeException($"golden image {image.File} is not among the package's files.");
            return new Package(folder, manifest, golden) { Signature = signature, SignedBy = trusted is null ? null : signature!.Key };
        }
        catch (Exception e) when (e is EdgeException or IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The package {folder} is refused: {e.Message}", e);
        }
    }

    /// <summary>A manifest that came before its files: its signature is checked before anything in it is believed.</summary>
    /// <param name="signature">Content of the file <c>signature</c>; null = there is none.</param>
    /// <exception cref="EdgeException">It is not signed with one of the keys, or is not valid.</exception>
    internal static Manifest ReadManifest(byte[] json, byte[]? signature, TrustedKeys? trusted)
    {
        trusted?.Verify(json, signature is null ? null : Parse(signature, PackageFiles.Signature, PackageJson.Default.PackageSignature));
        return Manifest.Parse(json);
    }

    private static PackageSignature? ReadSignature(string folder) => !File.Exists(Path.Combine(folder, PackageFiles.Signature)) ? null
        : ReadJson(folder, PackageFiles.Signature, PackageJson.Default.PackageSignature);

    private static T ReadJson<T>(string folder, string file, JsonTypeInfo<T> type) where T : class => Parse(ReadJson(folder, file), file, type);

    private static T Parse<T>(byte[] json, string file, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new EdgeException($"{file} holds null.");
        }
        catch (JsonException e)
        {
            throw new EdgeException($"{file} is not valid: {e.Message}", e);
        }
    }

    private static byte[] ReadJson(string folder, string file)
    {
        FileInfo info = new(Path.Combine(folder, file));
        if (!info.Exists) throw new EdgeException($"{file} is missing.");
        if (info.Length > PackageFiles.MaxJsonBytes) throw new EdgeException($"{file} has {info.Length} bytes, more than any of ours.");
        return File.ReadAllBytes(info.FullName);
    }

    private static void Check(string folder, Manifest manifest)
    {
        if (manifest.SchemaVersion != Manifest.CurrentSchema)
            throw new EdgeException($"its schema is {manifest.SchemaVersion}; this build reads {Manifest.CurrentSchema}.");
        PackageFiles.CheckName(manifest.Name);
        if (manifest.Version < 1) throw new EdgeException($"its version is {manifest.Version}; versions start at 1.");
        if (manifest.Input is not { Width: >= 8 and <= 8192, Height: >= 8 and <= 8192, WhiteLevel: >= 1 and <= ushort.MaxValue })
            throw new EdgeException($"its input {manifest.Input.Width}×{manifest.Input.Height}, white level {manifest.Input.WhiteLevel} is out of range.");
        if (manifest.Input.Tiles is not null) _ = new TileGrid(manifest.Input);   // says what is wrong
        if (manifest.Input.Mask is { } mask) FrameMask.Parse(mask);
        if (!float.IsFinite(manifest.Calibration.Threshold)) throw new EdgeException($"its threshold is {manifest.Calibration.Threshold}.");
        if (manifest.Calibration.ReviewFrom is { } review && !(review < manifest.Calibration.Threshold))
            throw new EdgeException($"its review band starts at {review}, not below the threshold {manifest.Calibration.Threshold}.");
        if (manifest.Calibration.Pixel is { } pixel && !float.IsFinite(pixel.Threshold)) throw new EdgeException($"its pixel threshold is {pixel.Threshold}.");
        foreach (string required in (string[])[PackageFiles.Model, PackageFiles.Expected])
            if (!manifest.Files.ContainsKey(required)) throw new EdgeException($"{required} is not among its files.");

        HashSet<string> found = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/'))];
        found.Remove(PackageFiles.Manifest);
        found.Remove(PackageFiles.Signature);
        foreach ((string file, string sha256) in manifest.Files)
        {
            // Only names that were found below the folder are opened: a manifest can't point outside of it.
            if (!found.Remove(file)) throw new EdgeException($"{file} is missing.");
            string actual = PackageFiles.Sha256(Path.Combine(folder, file));
            if (actual != sha256) throw new EdgeException($"{file} is damaged: SHA-256 {actual}, expected {sha256}.");
        }
        if (found.Count > 0) throw new EdgeException($"it holds files that the manifest does not name: {string.Join(", ", found.Order().Take(5))}.");
    }
}
