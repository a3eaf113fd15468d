using Edge.Imaging;
using Edge.Scoring;
using Xunit;

namespace Edge.Tests.Imaging;

public sealed class HeatmapTests
{
    private const int Size = 32;

    [Fact]
    public void Where_the_map_is_low_the_part_stays_gray_and_where_it_is_high_the_colour_map_shows()
    {
        byte[] rgb = new byte[Size * Size * 3];
        Array.Fill(rgb, (byte)200);
        float[] map = new float[Size * Size];
        map.AsSpan(Size * Size / 2).Fill(5);   // beyond the range's high end
        ImageBuffer seen = Draw(rgb, map, new ValueRange(1, 2));
        Assert.Equal((200, 200, 200), Pixel(seen, 8, 4));
        // Inferno's last colour is (252, 255, 164) RGB; 30 % of the gray 200 shines through.
        (int r, int g, int b) = Pixel(seen, 8, 28);
        Assert.InRange(r, 0.7 * 252 + 60 - 4, 0.7 * 252 + 60 + 4);
        Assert.InRange(g, 0.7 * 255 + 60 - 4, 0.7 * 255 + 60 + 4);
        Assert.InRange(b, 0.7 * 164 + 60 - 4, 0.7 * 164 + 60 + 4);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_no_number_stands_out(float value)
    {
        float[] map = new float[Size * Size];
        Array.Fill(map, value);
        Assert.True(Pixel(Draw(new byte[Size * Size * 3], map, new ValueRange(0, 1)), 16, 16).R > 150);
    }

    [Fact]
    public void Brighter_always_means_more_anomalous()
    {
        float[] map = [.. Enumerable.Range(0, Size * Size).Select(i => i % Size / (float)(Size - 1))];
        ImageBuffer seen = Draw(new byte[Size * Size * 3], map, new ValueRange(0, 1));
        double last = -8;
        for (int x = 0; x < Size; x += 4)   // JPEG blurs neighbours
        {
            (int r, int g, int b) = Pixel(seen, x, 16);
            double luma = 0.299 * r + 0.587 * g + 0.114 * b;
            Assert.True(luma > last, $"column {x}: {luma} after {last}");
            last = luma;
        }
    }

    [Fact]
    public void A_range_without_width_is_drawn() => Draw(new byte[Size * Size * 3], new float[Size * Size], new ValueRange(1, 1));

    [Theory]
    [InlineData(200)]
    [InlineData(20)]
    public void The_contour_of_a_raw_value_shows_on_any_ground(byte ground)
    {
        byte[] rgb = new byte[Size * Size * 3];
        Array.Fill(rgb, ground);
        float[] map = new float[Size * Size];
        for (int y = 8; y < 24; y++) map.AsSpan(y * Size + 8, 16).Fill(5);   // at the contour's value is inside
        using Heatmap heatmap = new(100);
        ImageBuffer plain = new(), seen = new();
        ImageFile.Decode(heatmap.EncodeJpeg(rgb, map, Size, Size, new ValueRange(1, 10)), "plain", plain);
        ImageFile.Decode(heatmap.EncodeJpeg(rgb, map, Size, Size, new ValueRange(1, 10), contour: 5), "contour", seen);
        Assert.True(Pixel(seen, 16, 8).G > 225 && Pixel(seen, 23, 16).G > 225, "white just inside");
        Assert.True(Pixel(seen, 16, 7).G < 30 && Pixel(seen, 24, 16).G < 30, "black just outside");
        Assert.InRange(Pixel(seen, 16, 16).G, Pixel(plain, 16, 16).G - 8, Pixel(plain, 16, 16).G + 8);
        Assert.InRange(Pixel(seen, 2, 2).G, Pixel(plain, 2, 2).G - 8, Pixel(plain, 2, 2).G + 8);
    }

    [Fact]
    public void A_map_that_lies_on_one_side_has_no_contour()
    {
        float[] map = new float[Size * Size];
        using Heatmap heatmap = new();
        byte[] none = heatmap.EncodeJpeg(new byte[Size * Size * 3], map, Size, Size, new ValueRange(0, 1));
        Assert.Equal(none, heatmap.EncodeJpeg(new byte[Size * Size * 3], map, Size, Size, new ValueRange(0, 1), contour: 1));
        Assert.Equal(none, heatmap.EncodeJpeg(new byte[Size * Size * 3], map, Size, Size, new ValueRange(0, 1), contour: -1));
    }

    [Fact]
    public void The_colour_bar_is_below_the_picture_in_the_overlays_colours()
    {
        const int side = 256;
        float[] map = new float[side * side];
        using Heatmap heatmap = new();
        ImageBuffer plain = new(), seen = new();
        ImageFile.Decode(heatmap.EncodeJpeg(new byte[side * side * 3], map, side, side, new ValueRange(0.5f, 2)), "plain", plain);
        ImageFile.Decode(heatmap.EncodeAnnotatedJpeg(new byte[side * side * 3], map, side, side, new ValueRange(0.5f, 2), contour: 1.25f), "annotated", seen);
        Assert.Equal((side, side + 34), (seen.Width, seen.Height));
        Assert.Equal(Pixel(plain, 100, 100), Pixel(seen, 100, 100));
        Assert.True(Pixel(seen, 240, side + 10).G > Pixel(seen, 20, side + 10).G, "brighter to the right");
        Assert.True(Pixel(seen, 128, side + 10).B > 200, "the contour's mark, half way");
        ImageFile.Decode(heatmap.EncodeAnnotatedJpeg(new byte[Size * Size * 3], new float[Size * Size], Size, Size, new ValueRange(0, 1)), "small", seen);
        Assert.Equal(Size, seen.Height);
    }

    [Fact]
    public void Wrong_sizes_are_refused()
    {
        using Heatmap heatmap = new();
        Assert.Throws<ArgumentException>(() => heatmap.EncodeJpeg(new byte[10], new float[Size * Size], Size, Size, new ValueRange(0, 1)));
        Assert.Throws<ArgumentException>(() => heatmap.EncodeJpeg(new byte[Size * Size * 3], new float[10], Size, Size, new ValueRange(0, 1)));
    }

    private static ImageBuffer Draw(byte[] rgb, float[] map, ValueRange range)
    {
        using Heatmap heatmap = new();
        ImageBuffer seen = new();
        ImageFile.Decode(heatmap.EncodeJpeg(rgb, map, Size, Size, range), "heatmap", seen);
        return seen;
    }

    private static (int R, int G, int B) Pixel(ImageBuffer image, int x, int y)
    {
        Span<byte> p = image.Pixels[((y * image.Width + x) * 3)..];
        return (p[2], p[1], p[0]);
    }
}
