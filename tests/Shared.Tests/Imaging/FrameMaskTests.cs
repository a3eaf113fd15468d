using CsCheck;
using Edge.Imaging;
using Xunit;

namespace Edge.Tests.Imaging;

public sealed class FrameMaskTests
{
    private const string Hole = "2,2 38,2 38,28 2,28;10,8 20,8 20,18 10,18";

    [Fact]
    public void What_is_outside_changes_nothing_and_what_is_inside_stays() => Gen.Select(
        Gen.Int[1, 50], Gen.Int[1, 40], Gen.Int[3, 7], Gen.Int[0, 10_000], Gen.Bool).Sample(
        (toWidth, toHeight, points, seed, withRoi) =>
        {
            const int width = 60, height = 45;
            Random random = new(seed);
            (int X, int Y)[][] polygons = [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Enumerable.Range(0, points).Select(_ => (random.Next(width + 1), random.Next(height + 1))).ToArray())];
            Roi region = withRoi ? new Roi(7, 5, 40, 33) : new Roi(0, 0, width, height);
            InputSpec open = new() { Width = toWidth, Height = toHeight, Roi = region };
            InputSpec masked = open with { Mask = string.Join(';', polygons.Select(p => string.Join(' ', p.Select(q => $"{q.X},{q.Y}")))) };
            ImageBuffer frame = PreprocessorTests.Noise(width, height, PixelFormat.Bgr24, seed);

            // An output is seen when every pixel that weighs in it lies inside; the naive crossing number decides, pixel by pixel.
            bool[] seen = new bool[toWidth * toHeight];
            for (int v = 0; v < toHeight; v++)
                for (int u = 0; u < toWidth; u++)
                    seen[v * toWidth + u] = Enumerable.Range(0, region.Height).Where(y => PreprocessorTests.Weight(y, v, region.Height, toHeight) > 1e-9).All(y =>
                        Enumerable.Range(0, region.Width).Where(x => PreprocessorTests.Weight(x, u, region.Width, toWidth) > 1e-9).All(x => Inside(polygons, region.X + x + 0.5, region.Y + y + 0.5)));
            if (!seen.Any(s => s))
            {
                Assert.Contains("leaves nothing", Assert.Throws<EdgeException>(() => PreprocessorTests.Apply(frame, masked)).Message, StringComparison.Ordinal);
                return;
            }
            byte[] ours = PreprocessorTests.Apply(frame, masked), whole = PreprocessorTests.Apply(frame, open);
            for (int i = 0; i < ours.Length; i++) Assert.Equal(seen[i / 3] ? whole[i] : 0, ours[i]);

            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    if (!Inside(polygons, x + 0.5, y + 0.5)) random.NextBytes(frame.Pixels.Slice((y * width + x) * 3, 3));
            Assert.Equal(ours, PreprocessorTests.Apply(frame, masked));
        }, iter: 150);

    [Fact]
    public void A_polygon_in_another_is_a_hole()
    {
        ImageBuffer white = new();
        white.Reset(40, 30, PixelFormat.Mono8).Fill(255);
        byte[] seen = PreprocessorTests.Apply(white, new InputSpec { Width = 40, Height = 30, Mask = Hole });
        Assert.Equal(36 * 26 - 10 * 10, seen.Count(v => v == 255) / 3);
        Assert.Equal(0, seen[(10 * 40 + 15) * 3]);
    }

    [Theory]
    [InlineData("", "fewer than three points", false)]
    [InlineData("1,1 5,5", "fewer than three points", false)]
    [InlineData("1,1 5,5 9,1;", "fewer than three points", false)]
    [InlineData("1,1 5,-5 9,1", "'5,-5' is not understood", false)]
    [InlineData("1;2;3", "'1' is not understood", false)]
    [InlineData("0,0 41,0 41,30", "does not lie inside the 40×30 frame", true)]
    [InlineData("5,5 5,5 5,5", "leaves nothing", true)]
    public void A_mistake_is_named(string mask, string words, bool readable)
    {
        if (readable) FrameMask.Parse(mask);
        EdgeException e = Assert.Throws<EdgeException>(() => PreprocessorTests.Apply(PreprocessorTests.Noise(40, 30, PixelFormat.Mono8, 1), new InputSpec { Width = 8, Height = 8, Mask = mask }));
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
    }

    /// <summary>Crossing number of a ray to the right.</summary>
    private static bool Inside((int X, int Y)[][] polygons, double x, double y)
    {
        int crossings = 0;
        foreach ((int X, int Y)[] polygon in polygons)
            for (int i = 0, j = polygon.Length - 1; i < polygon.Length; j = i++)
                if (polygon[i].Y > y != polygon[j].Y > y && x < (double)(polygon[j].X - polygon[i].X) * (y - polygon[i].Y) / (polygon[j].Y - polygon[i].Y) + polygon[i].X) crossings++;
        return crossings % 2 == 1;
    }
}
