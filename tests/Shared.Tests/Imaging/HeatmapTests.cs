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
        Span<byte> p = image.Pixels[((y * Size + x) * 3)..];
        return (p[2], p[1], p[0]);
    }
}
