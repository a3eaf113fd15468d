using Edge.Imaging;
using Edge.Training.Cli;
using Edge.Training.Data;

namespace Edge.Training.Distillation;

/// <summary>A folder of photographs of anything, and random crops of them. Only one is decoded at a time, so their number does not matter.</summary>
internal sealed class Photographs
{
    private const double SmallestCrop = 0.35;   // of the shorter side
    private const double GrayShare = 0.35;      // many industrial cameras are gray

    private readonly ImageBuffer frame = new();

    public IReadOnlyList<Picture> Pictures { get; }

    /// <summary>Of all of them: equal photographs, equal digest.</summary>
    public string Digest { get; }

    private Photographs(IReadOnlyList<Picture> pictures) => (Pictures, Digest) = (pictures, Dataset.DigestOf(pictures));

    /// <summary>Each is decoded once: one that is damaged is left out now and not after an hour.</summary>
    /// <exception cref="EdgeException">No such folder, or no photograph in it that can be read.</exception>
    public static Photographs Open(string folder, Terminal terminal, CancellationToken ct)
    {
        IReadOnlyList<Picture> found = Dataset.Open(folder, strict: false, terminal, ct).Train;
        List<Picture> good = terminal.Progress("checking photographs", progress =>
        {
            List<Picture> read = [];
            foreach (LoadedPicture picture in PictureLoader.Stream(found, new InputSpec { Width = 8, Height = 8 }, strict: false, [], terminal, ct))
            {
                read.Add(picture.Picture);
                progress.Report((double)read.Count / found.Count);
            }
            return read;
        });
        return good.Count > 0 ? new Photographs(good) : throw new EdgeException($"None of the {found.Count} photographs in {folder} can be read.");
    }

    /// <summary>
    /// A square of a random size and place, scaled to <paramref name="side"/> pixels; flips and quarter turns, often gray, contrast and brightness.
    /// </summary>
    /// <returns>uint8 [side, side, 3], RGB.</returns>
    public byte[] Crop(Picture photograph, int side, Random random)
    {
        ImageFile.Read(photograph.Path, frame);
        int shorter = Math.Min(frame.Width, frame.Height), size = Math.Max(1, (int)(shorter * (SmallestCrop + (1 - SmallestCrop) * random.NextDouble())));
        Roi place = new(random.Next(frame.Width - size + 1), random.Next(frame.Height - size + 1), size, size);
        byte[] crop = GC.AllocateUninitializedArray<byte>(side * side * 3), turned = GC.AllocateUninitializedArray<byte>(crop.Length);
        new Preprocessor(new InputSpec { Width = side, Height = side, Roi = place }).Apply(frame, crop);
        bool gray = random.NextDouble() < GrayShare, flip = random.Next(2) == 1;
        double contrast = 0.6 + 0.8 * random.NextDouble(), brightness = 40 * (2 * random.NextDouble() - 1);
        int turns = random.Next(4);
        byte[] levels = [.. Enumerable.Range(0, 256).Select(v => (byte)Math.Clamp(Math.Round((v - 128) * contrast + 128 + brightness), 0, 255))];
        for (int y = 0; y < side; y++)
        {
            for (int x = 0; x < side; x++)
            {
                (int fx, int fy) = (flip ? side - 1 - x : x, y);
                (fx, fy) = turns switch { 0 => (fx, fy), 1 => (fy, side - 1 - fx), 2 => (side - 1 - fx, side - 1 - fy), _ => (side - 1 - fy, fx) };
                ReadOnlySpan<byte> from = crop.AsSpan((fy * side + fx) * 3, 3);
                Span<byte> to = turned.AsSpan((y * side + x) * 3, 3);
                if (gray) to.Fill(levels[(299 * from[0] + 587 * from[1] + 114 * from[2] + 500) / 1000]);   // BT.601 luma
                else (to[0], to[1], to[2]) = (levels[from[0]], levels[from[1]], levels[from[2]]);
            }
        }
        return turned;
    }
}
