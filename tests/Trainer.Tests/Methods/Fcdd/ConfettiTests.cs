using Edge.Training.Methods.Fcdd;
using Xunit;

namespace Edge.Tests.Methods.Fcdd;

public sealed class ConfettiTests
{
    private const int Width = 60, Height = 40;

    [Fact]
    public void The_same_seed_throws_the_same_and_another_another()
    {
        byte[][] thrown = [.. Enumerable.Range(0, 30).Select(seed => Thrown(seed, gray: false))];
        for (int seed = 0; seed < 30; seed++) Assert.Equal(thrown[seed], Thrown(seed, gray: false));
        Assert.Equal(30, thrown.Select(Convert.ToBase64String).Distinct().Count());
    }

    [Fact]
    public void Every_picture_changes_visibly_and_not_all_of_it()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            byte[] rgb = Thrown(seed, gray: false);
            Assert.Contains(rgb, v => Math.Abs(v - 100) >= 8);
            Assert.Contains((byte)100, rgb);
        }
    }

    [Fact]
    public void Gray_pictures_stay_gray()
    {
        for (int seed = 0; seed < 30; seed++)
        {
            byte[] rgb = Thrown(seed, gray: true);
            for (int i = 0; i < rgb.Length; i += 3) Assert.True(rgb[i] == rgb[i + 1] && rgb[i] == rgb[i + 2]);
        }
    }

    private static byte[] Thrown(int seed, bool gray)
    {
        byte[] rgb = new byte[Width * Height * 3];
        Array.Fill(rgb, (byte)100);
        Confetti.Throw(rgb, Width, Height, gray, new Random(seed));
        return rgb;
    }
}
