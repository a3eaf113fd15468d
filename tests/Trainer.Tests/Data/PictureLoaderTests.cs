using Edge.Imaging;
using Edge.Training.Data;
using Xunit;

namespace Edge.Tests.Data;

public sealed class PictureLoaderTests : IDisposable
{
    private static readonly InputSpec Input = new() { Width = 12, Height = 8 };
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private List<Picture> Write(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Picture(Pictures.Write(folder[$"{i:000}.png"], i), "good", null, $"{i:x64}"))];

    [Fact]
    public void Keeps_the_order_and_equals_preprocessing_one_by_one()
    {
        List<Picture> pictures = Write(40);
        LoadedPictures loaded = PictureLoader.Load(pictures, Input, strict: true, Pictures.Quiet(), Ct);
        Assert.Equal(pictures, loaded.Pictures.Select(p => p.Picture));
        Preprocessor preprocessor = new(Input);
        ImageBuffer frame = new();
        byte[] expected = new byte[12 * 8 * 3];
        foreach (LoadedPicture picture in loaded.Pictures)
        {
            ImageFile.Read(picture.Picture.Path, frame);
            preprocessor.Apply(frame, expected);
            Assert.Equal(expected, picture.Rgb);
            Assert.Equal((24, 16), (picture.FrameWidth, picture.FrameHeight));
        }
    }

    [Fact]
    public void A_damaged_picture_is_named_and_left_out_and_strict_stops()
    {
        List<Picture> pictures = Write(20);
        byte[] bytes = File.ReadAllBytes(pictures[7].Path);
        File.WriteAllBytes(pictures[7].Path, bytes[..(bytes.Length / 2)]);
        File.WriteAllText(pictures[11].Path, "no picture");
        File.Delete(pictures[13].Path);

        LoadedPictures loaded = PictureLoader.Load(pictures, Input, strict: false, Pictures.Quiet(), Ct);
        Assert.Equal([7, 11, 13], loaded.Skipped.Select(s => pictures.FindIndex(p => p.Path == s.Path)));
        Assert.Equal(17, loaded.Pictures.Count);
        Assert.Contains("damaged", loaded.Skipped[0].Reason, StringComparison.Ordinal);
        EdgeException e = Assert.Throws<EdgeException>(() => PictureLoader.Load(pictures, Input, strict: true, Pictures.Quiet(), Ct));
        Assert.Contains("007.png", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_ahead_only_so_far_and_stops_when_cancelled()
    {
        List<Picture> pictures = Write(100);
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        int seen = 0;
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (LoadedPicture _ in PictureLoader.Stream(pictures, Input, false, [], Pictures.Quiet(), cancel.Token))
            {
                if (++seen == 3) cancel.Cancel();
                // Files beyond the window have not been touched yet.
                if (seen == 1) foreach (Picture p in pictures.Skip(1 + 2 * Environment.ProcessorCount)) File.Delete(p.Path);
            }
        });
        Assert.Equal(3, seen);
    }
}
