using Edge.Imaging;
using Edge.Training.Cli;
using Edge.Training.Data.Quality;
using OpenCvSharp;

namespace Edge.Training.Data.Imitations;

/// <summary>Draws each kind of defect on held-out pictures and writes picture and mask in the MVTec layout, PNG.</summary>
internal sealed class ImitationWriter(string folder, int seed)
{
    /// <param name="pictures">Held out: none of them is trained on.</param>
    /// <param name="perKind">Pictures of each kind; where there are fewer held out, some carry several defects of a kind, one a picture.</param>
    /// <returns>Kind by kind.</returns>
    /// <exception cref="EdgeException">A picture can't be read or written.</exception>
    public IReadOnlyList<ImitatedPicture> Write(IReadOnlyList<ExaminedPicture> pictures, IReadOnlyList<ImitatedKind> kinds, int perKind, Progress progress, CancellationToken ct)
    {
        ImitatedPicture?[] written = new ImitatedPicture?[kinds.Count * perKind];
        int done = 0;
        try
        {
            Parallel.For(0, written.Length, new ParallelOptions { CancellationToken = ct, MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
            {
                written[i] = Write(pictures, kinds[i / perKind], i % perKind);
                progress.Report((double)Interlocked.Increment(ref done) / written.Length);
            });
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<EdgeException>().FirstOrDefault() is { } first)
        {
            throw first;
        }
        return [.. written.OfType<ImitatedPicture>()];
    }

    private ImitatedPicture? Write(IReadOnlyList<ExaminedPicture> pictures, ImitatedKind kind, int n)
    {
        ExaminedPicture on = pictures[n % pictures.Count];
        using Mat picture = Read(on.File.Path), other = Read(pictures[(n + 1 + n / pictures.Count) % pictures.Count].File.Path);
        // A patch needs the same kind of pixels; pictures of one data set nearly always have them.
        using Mat source = other.Type() == picture.Type() ? other.Clone() : picture.Clone();
        using Mat? mask = Imitation.Draw(kind, picture, source, new Random(unchecked((seed * 1_000_003 + (int)kind) * 1_000_003 + n)));
        if (mask is null) return null;
        string label = kind.ToString().ToLowerInvariant(), file = $"test/{label}/{n:0000}.png";
        Save(file, picture);
        Save($"ground_truth/{label}/{n:0000}_mask.png", mask);
        return new ImitatedPicture(file, on.File.Name, on.Sha256, Cv2.CountNonZero(mask));
    }

    private static Mat Read(string path)
    {
        ImageBuffer buffer = new();
        ImageFile.Read(path, buffer);
        MatType type = (buffer.Format.BytesPerPixel(), buffer.Format) switch
        {
            (_, PixelFormat.Mono8) => MatType.CV_8UC1,
            (_, PixelFormat.Mono16) => MatType.CV_16UC1,
            (6, _) => MatType.CV_16UC3,
            _ => MatType.CV_8UC3,
        };
        Mat picture = new(buffer.Height, buffer.Width, type);
        unsafe
        {
            buffer.Pixels.CopyTo(new Span<byte>((void*)picture.Data, buffer.Pixels.Length));
        }
        return picture;
    }

    private void Save(string file, Mat picture)
    {
        string path = Path.Combine(folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!Cv2.ImEncode(".png", picture, out byte[] encoded)) throw new EdgeException($"A {picture.Width}×{picture.Height} picture can't be encoded as PNG.");
        File.WriteAllBytes(path, encoded);
    }
}
