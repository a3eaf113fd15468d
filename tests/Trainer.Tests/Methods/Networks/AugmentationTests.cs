using Edge.Training.Methods.Networks;
using Xunit;

namespace Edge.Tests.Methods.Networks;

public sealed class AugmentationTests
{
    private const int Width = 24, Height = 20;

    [Theory]
    [InlineData("flip-horizontal")]
    [InlineData("flip-vertical")]
    public void A_flip_is_the_picture_or_its_mirror_image(string word)
    {
        byte[] picture = Picture(), mirrored = new byte[picture.Length];
        for (int i = 0; i < Width * Height; i++)
        {
            (int x, int y) = (i % Width, i / Width);
            int from = word == "flip-horizontal" ? y * Width + Width - 1 - x : (Height - 1 - y) * Width + x;
            picture.AsSpan(3 * from, 3).CopyTo(mirrored.AsSpan(3 * i));
        }
        byte[][] made = [.. Enumerable.Range(0, 20).Select(seed => Apply(word, picture, seed))];
        Assert.All(made, m => Assert.True(m.SequenceEqual(picture) || m.SequenceEqual(mirrored)));
        Assert.InRange(made.Count(m => m.SequenceEqual(mirrored)), 4, 16);
    }

    [Fact]
    public void Brightness_adds_the_same_everywhere_and_contrast_keeps_the_mean()
    {
        byte[] picture = Picture();
        HashSet<int> offsets = [];
        for (int seed = 0; seed < 20; seed++)
        {
            byte[] brighter = Apply("brightness:10", picture, seed), contrast = Apply("contrast:20", picture, seed);
            int offset = brighter[0] - picture[0];
            offsets.Add(offset);
            Assert.InRange(offset, -26, 26);
            Assert.All(brighter.Zip(picture), p => Assert.Equal(offset, p.First - p.Second));
            Assert.InRange(contrast.Average(v => v) - picture.Average(v => v), -0.6, 0.6);
            Assert.InRange(contrast.Max() / (double)picture.Max(), 0.85, 1.15);
        }
        Assert.True(offsets.Count > 8, "many offsets are drawn");
    }

    /// <summary>A small bright square: its centroid moves by at most the shift, or on a circle around the picture's centre.</summary>
    [Theory]
    [InlineData("shift:3", 3, 0)]
    [InlineData("rotate:20", 0, 20)]
    public void Parts_are_shifted_and_turned_within_the_limits(string word, double shift, double degrees)
    {
        byte[] picture = new byte[Width * Height * 3];
        for (int i = 0; i < Width * Height; i++)
            if (i % Width is >= 15 and <= 17 && i / Width is >= 9 and <= 10) picture.AsSpan(3 * i, 3).Fill(200);
        (double x0, double y0) = (16 - (Width - 1) / 2.0, 9.5 - (Height - 1) / 2.0);
        double largest = 0;
        for (int seed = 0; seed < 20; seed++)
        {
            (double x, double y) = Centroid(Apply(word, picture, seed));
            (double dx, double dy) = (x - x0, y - y0);
            double turned = Math.Abs(Math.Atan2(x * y0 - y * x0, x * x0 + y * y0)) * 180 / Math.PI;
            if (degrees == 0) Assert.True(Math.Abs(dx) <= shift + 0.1 && Math.Abs(dy) <= shift + 0.1, $"{dx}, {dy}");
            else Assert.True(turned <= degrees + 1 && Math.Abs(Math.Sqrt(x * x + y * y) - Math.Sqrt(x0 * x0 + y0 * y0)) < 0.2, $"{turned}°");
            largest = Math.Max(largest, degrees == 0 ? Math.Abs(dx) : turned);
        }
        Assert.True(largest > (degrees == 0 ? shift : degrees) / 2, $"{largest}: it moves");
    }

    [Fact]
    public void The_same_random_numbers_make_the_same_picture_and_the_original_stays()
    {
        byte[] picture = Picture(), before = [.. picture];
        const string all = "flip-horizontal,flip-vertical,rotate:3.5,shift:2,brightness:5,contrast:10";
        Assert.Equal(all, Augmentation.Parse(all).ToString());
        Assert.Equal(Augmentation.None, Augmentation.Parse(null));
        Assert.Equal("none", Augmentation.Parse("none").ToString());
        Assert.Equal(Apply(all, picture, 5), Apply(all, picture, 5));
        Assert.NotEqual(Apply(all, picture, 5), Apply(all, picture, 6));
        Assert.Equal(before, picture);
    }

    private static byte[] Apply(string list, byte[] picture, int seed) => Augmentation.Parse(list).Apply(picture, Width, Height, new Random(seed));

    private static byte[] Picture()
    {
        Random random = new(9);
        return [.. Enumerable.Range(0, Width * Height * 3).Select(_ => (byte)random.Next(60, 180))];
    }

    private static (double X, double Y) Centroid(byte[] rgb)
    {
        double sum = 0, x = 0, y = 0;
        for (int i = 0; i < Width * Height; i++)
        {
            sum += rgb[3 * i];
            x += rgb[3 * i] * (i % Width - (Width - 1) / 2.0);
            y += rgb[3 * i] * (i / Width - (Height - 1) / 2.0);
        }
        return (x / sum, y / sum);
    }
}
