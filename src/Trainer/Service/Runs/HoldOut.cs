using System.Buffers.Binary;
using Edge.Training.Data;

namespace Edge.Training.Service.Runs;

/// <summary>
/// Pictures that are never trained on, to compare models: <c>holdout/&lt;product&gt;/test/&lt;label&gt;/&lt;sha256&gt;.png</c>. A picture's lot is drawn from its content,
/// once and for ever; its copy stays when the original is gone. It only grows.
/// </summary>
internal sealed class HoldOut(string state, string product)
{
    /// <summary>A data set of test pictures only.</summary>
    public string Folder { get; } = Path.Combine(Path.GetFullPath(state), "holdout", product);

    /// <summary>Label by SHA-256.</summary>
    public Dictionary<string, string> Labels() => !Directory.Exists(Path.Combine(Folder, "test")) ? []
        : Directory.EnumerateDirectories(Path.Combine(Folder, "test")).SelectMany(d => Directory.EnumerateFiles(d).Select(f => (Hash: Path.GetFileNameWithoutExtension(f), Label: Path.GetFileName(d))))
            .Where(p => p.Hash.Length == 64).DistinctBy(p => p.Hash).ToDictionary(p => p.Hash, p => p.Label);

    /// <summary>Is the picture drawn? Its hash is as good as a random number in [0, 1).</summary>
    public static bool Draws(string sha256, double share) => BinaryPrimitives.ReadUInt32BigEndian(Convert.FromHexString(sha256.AsSpan(0, 8))) / 4294967296.0 < share;

    /// <summary>Copies the picture into it, under its label; one that was there under another label moves.</summary>
    /// <exception cref="IOException">The disk is full, for one; no half a picture is left.</exception>
    public void Put(Picture picture)
    {
        string extension = Path.GetExtension(picture.Path), target = Path.Combine(Folder, "test", picture.Label, picture.Sha256 + extension);
        if (!File.Exists(target)) Copy(picture.Path, target);
        if (picture.MaskPath is { } mask)
        {
            string truth = Path.Combine(Folder, "ground_truth", picture.Label, picture.Sha256 + "_mask.png");
            if (!File.Exists(truth)) Copy(mask, truth);
        }
        foreach (string other in Directory.EnumerateDirectories(Path.Combine(Folder, "test")).Where(d => Path.GetFileName(d) != picture.Label))
            File.Delete(Path.Combine(other, picture.Sha256 + extension));
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to + ".part", overwrite: true);
        File.Move(to + ".part", to);
    }
}
