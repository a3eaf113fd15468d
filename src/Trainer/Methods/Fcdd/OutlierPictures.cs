using System.Security.Cryptography;
using System.Text;
using Edge.Imaging;
using Edge.Training.Data;

namespace Edge.Training.Methods.Fcdd;

/// <summary>
/// Outlier exposure: pictures of anything but the part, read when they are drawn. What was read is kept up to <see cref="MostCached"/>. One
/// in <see cref="ValidationShare"/> is shown to the validation only.
/// </summary>
internal sealed class OutlierPictures
{
    private const long MostCached = 256L << 20;   // bytes
    private const int ValidationShare = 10;

    private readonly TrainingContext context;
    private readonly PictureReader reader;
    private readonly bool gray;
    private readonly Dictionary<string, byte[]?> known = [];   // null = can't be read
    private readonly string[] training, validation;
    private long bytes;

    public int Count => training.Length + validation.Length;

    /// <summary>Of names and sizes: what a resumed run must share.</summary>
    public string Digest { get; }

    /// <param name="gray">The parts' pictures are gray: colour would give the others away.</param>
    /// <exception cref="EdgeException">No such folder, or no pictures in it.</exception>
    public OutlierPictures(string folder, bool gray, TrainingContext context)
    {
        (this.context, this.gray) = (context, gray);
        reader = new PictureReader(context.Input.WithoutRegion());   // it belongs to the station's camera
        folder = Path.GetFullPath(folder);
        if (!Directory.Exists(folder)) throw new EdgeException($"The folder {folder} of --outliers does not exist.");
        string[] files = [.. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true }).Where(ImageFile.HasImageExtension).Order(StringComparer.Ordinal)];
        if (files.Length == 0) throw new EdgeException($"{folder} (--outliers) holds no pictures; any photographs that do not show the part will do.");
        validation = files.Length < 2 * ValidationShare ? [] : [.. files.Where((_, i) => i % ValidationShare == 0)];
        training = validation.Length == 0 ? files : [.. files.Where((_, i) => i % ValidationShare != 0)];
        Digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', files.Select(f => $"{Path.GetRelativePath(folder, f)} {new FileInfo(f).Length}")))));
    }

    /// <returns>uint8 [H, W, 3]; not to be changed.</returns>
    /// <exception cref="EdgeException">None can be read, or one can't and the run is strict.</exception>
    public byte[] Draw(Random random, bool validating)
    {
        string[] from = validating && validation.Length > 0 ? validation : training;
        int start = random.Next(from.Length);
        for (int i = 0; i < from.Length; i++)
            if (Read(from[(start + i) % from.Length]) is { } rgb) return rgb;
        throw new EdgeException($"None of the {from.Length} pictures of --outliers can be read; the first is {from[start]}.");
    }

    private byte[]? Read(string path)
    {
        if (known.TryGetValue(path, out byte[]? rgb)) return rgb;
        (LoadedPicture? loaded, SkippedPicture? bad) = reader.Read(new Picture(path, "outlier", null, ""));
        if (bad is not null)
        {
            context.Skip(bad);
            known[path] = null;
            return null;
        }
        if (gray) Desaturate(loaded!.Rgb);
        if (bytes + loaded!.Rgb.Length <= MostCached)
        {
            bytes += loaded.Rgb.Length;
            known[path] = loaded.Rgb;
        }
        return loaded.Rgb;
    }

    private static void Desaturate(byte[] rgb)
    {
        for (int i = 0; i < rgb.Length; i += 3)
            rgb[i] = rgb[i + 1] = rgb[i + 2] = (byte)Math.Round(0.299 * rgb[i] + 0.587 * rgb[i + 1] + 0.114 * rgb[i + 2]);   // ITU-R BT.601
    }
}
