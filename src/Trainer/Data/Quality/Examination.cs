using System.Collections.Concurrent;
using System.Security.Cryptography;
using Edge.Imaging;
using Edge.Training.Cli;

namespace Edge.Training.Data.Quality;

/// <summary>A file of a data set before anything is known about its content.</summary>
/// <param name="Name">Path below the data set's folder, with forward slashes.</param>
/// <param name="Label"><c>good</c>, or the defect.</param>
internal sealed record DataFile(string Path, string Name, string Label);

/// <summary>What one look at a picture tells.</summary>
/// <param name="Width">Columns of the file's picture.</param>
/// <param name="Height">Rows of the file's picture.</param>
/// <param name="Quality">At 512 × 512.</param>
internal sealed record ExaminedPicture(
    DataFile File, string Sha256, int Width, int Height, PictureQuality Quality, Fingerprint Fingerprint);

/// <summary>Reads every picture once, on all cores.</summary>
internal static class Examination
{
    private const int Side = 512;   // what a model may see; the camera's noise is mostly averaged away, a blur of two pixels in a thousand is not
    private static readonly InputSpec Input = new() { Width = Side, Height = Side };

    /// <param name="unreadable">Receives what can't be read or decoded.</param>
    /// <returns>In the order of <paramref name="files"/>.</returns>
    public static IReadOnlyList<ExaminedPicture> Run(IReadOnlyList<DataFile> files, ICollection<SkippedPicture> unreadable, Terminal terminal, CancellationToken ct) =>
        terminal.Progress("looking at pictures", progress =>
        {
            ExaminedPicture?[] examined = new ExaminedPicture?[files.Count];
            string?[] reasons = new string?[files.Count];
            ConcurrentBag<(ImageBuffer Frame, Preprocessor Preprocessor, byte[] Rgb)> idle = [];
            int done = 0;
            Parallel.For(0, files.Count, new ParallelOptions { CancellationToken = ct, MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
            {
                (ImageBuffer Frame, Preprocessor Preprocessor, byte[] Rgb) worker = idle.TryTake(out var free) ? free : (new ImageBuffer(), new Preprocessor(Input), new byte[Side * Side * 3]);
                try
                {
                    byte[] encoded = System.IO.File.ReadAllBytes(files[i].Path);
                    ImageFile.Decode(encoded, "the file", worker.Frame);
                    worker.Preprocessor.Apply(worker.Frame, worker.Rgb);
                    examined[i] = Measure(files[i], Convert.ToHexStringLower(SHA256.HashData(encoded)), worker.Frame, worker.Rgb);
                }
                catch (Exception e) when (e is EdgeException or IOException or UnauthorizedAccessException)
                {
                    reasons[i] = e.Message;
                }
                idle.Add(worker);
                progress.Report((double)Interlocked.Increment(ref done) / files.Count);
            });
            for (int i = 0; i < files.Count; i++) if (reasons[i] is { } reason) unreadable.Add(new SkippedPicture(files[i].Path, reason));
            return (IReadOnlyList<ExaminedPicture>)[.. examined.OfType<ExaminedPicture>()];
        });

    private static ExaminedPicture Measure(DataFile file, string sha256, ImageBuffer frame, byte[] rgb)
    {
        float[] luma = new float[Side * Side];
        PictureQuality quality = PictureQuality.Of(rgb, Side, Side, luma);
        return new ExaminedPicture(file, sha256, frame.Width, frame.Height, quality, Fingerprint.Of(luma, Side));
    }
}
