using Edge.Imaging;
using Edge.Training.Data;
using OpenCvSharp;
using Xunit;

namespace Edge.Tests.Data;

public sealed class MaskLoaderTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Mat labels = new();

    public void Dispose()
    {
        labels.Dispose();
        folder.Dispose();
    }

    private static LoadedPicture PictureOf(string mask, int width, int height) => new(new Picture("p.png", "crack", mask, ""), [], width, height);

    [Fact]
    public void Takes_the_pixel_under_the_centre_and_counts_8_connected_regions()
    {
        // 8×8 → 4×4 reads the odd rows and columns. Two regions: a diagonal pair and a single pixel.
        (int X, int Y)[] set = [(1, 1), (3, 3), (7, 1), (4, 6)];
        string mask = Pictures.WriteMask(folder["m.png"], 8, 8, (x, y) => set.Contains((x, y)));
        MaskLoader loader = new(new InputSpec { Width = 4, Height = 4 });
        Assert.Null(loader.Read(PictureOf(mask, 8, 8), labels, out int regions));
        Assert.Equal(2, regions);
        int[] found = labels.AsSpan<int>().ToArray();
        Assert.Equal([0, 5, 3], new[] { found[0] - found[5], Array.FindIndex(found, 1, v => v == found[0]), Array.FindIndex(found, v => v != 0 && v != found[0]) });
        Assert.Equal(3, found.Count(v => v != 0));
    }

    [Fact]
    public void Follows_the_region_of_interest()
    {
        string mask = Pictures.WriteMask(folder["m.png"], 10, 6, (x, y) => x is >= 4 and < 6 && y is >= 2 and < 4);
        MaskLoader loader = new(new InputSpec { Width = 2, Height = 2, Roi = new Roi(4, 2, 2, 2) });
        Assert.Null(loader.Read(PictureOf(mask, 10, 6), labels, out _));
        Assert.All(labels.AsSpan<int>().ToArray(), v => Assert.Equal(1, v));
    }

    [Fact]
    public void What_the_models_mask_hides_is_normal()
    {
        string mask = Pictures.WriteMask(folder["m.png"], 8, 8, (_, _) => true);
        MaskLoader loader = new(new InputSpec { Width = 8, Height = 8, Mask = "0,0 3,0 3,8 0,8" });
        Assert.Null(loader.Read(PictureOf(mask, 8, 8), labels, out int regions));
        Assert.Equal((1, 3 * 8), (regions, labels.AsSpan<int>().ToArray().Count(v => v == 1)));
    }

    [Fact]
    public void Any_channel_of_any_depth_counts_from_half_the_range()
    {
        byte[] sixteen = [0xff, 0x7f, 0x00, 0x80, 0x00, 0x00, 0xff, 0xff];   // 0x7fff, 0x8000, 0, 0xffff
        ImageFile.WritePng(folder["16.png"], sixteen, 4, 1, PixelFormat.Mono16);
        MaskLoader loader = new(new InputSpec { Width = 4, Height = 1 });
        Assert.Null(loader.Read(PictureOf(folder["16.png"], 4, 1), labels, out _));
        Assert.Equal([0, 1, 0, 2], labels.AsSpan<int>().ToArray());
        byte[] colour = [127, 127, 127, 128, 0, 0, 0, 0, 0, 0, 0, 200];
        ImageFile.WritePng(folder["c.png"], colour, 4, 1, PixelFormat.Rgb24);
        Assert.Null(loader.Read(PictureOf(folder["c.png"], 4, 1), labels, out _));
        Assert.Equal([0, 1, 0, 2], labels.AsSpan<int>().ToArray());
    }

    [Fact]
    public void A_mask_that_says_nothing_is_refused_with_its_reason()
    {
        MaskLoader loader = new(new InputSpec { Width = 4, Height = 4 });
        string Reason(string mask, int width = 8, int height = 8) => loader.Read(PictureOf(mask, width, height), labels, out _)!;
        Assert.Equal("the mask is empty", Reason(Pictures.WriteMask(folder["a.png"], 8, 8, (_, _) => false)));
        Assert.Contains("model's size", Reason(Pictures.WriteMask(folder["b.png"], 8, 8, (x, y) => (x, y) == (0, 0))), StringComparison.Ordinal);
        Assert.Contains("its picture 16×8", Reason(Pictures.WriteMask(folder["c.png"], 8, 8, (_, _) => true), 16), StringComparison.Ordinal);
        File.WriteAllText(folder["d.png"], "x");
        Assert.Contains("the mask", Reason(folder["d.png"]), StringComparison.Ordinal);
    }
}
