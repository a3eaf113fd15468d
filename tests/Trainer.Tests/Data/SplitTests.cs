using System.Security.Cryptography;
using Edge.Training.Data;
using Xunit;

namespace Edge.Tests.Data;

public sealed class SplitTests
{
    private static Picture[] Normals(int count, string prefix = "") =>
        [.. Enumerable.Range(0, count).Select(i => new Picture($"{prefix}{i}.png", "good", null, Convert.ToHexStringLower(SHA256.HashData([(byte)i, (byte)(i >> 8)]))))];

    [Theory]
    [InlineData(10, 0, 0)]
    [InlineData(10, 0.2, 2)]
    [InlineData(10, 0.25, 3)]
    [InlineData(10, 0.001, 1)]
    [InlineData(2, 0.5, 1)]
    public void Holds_out_the_rounded_fraction_and_loses_nothing(int count, double holdOut, int held)
    {
        Picture[] normals = Normals(count);
        Split split = Split.Of(normals, holdOut);
        Assert.Equal(held, split.Calibration.Count);
        Assert.Equal(normals.ToHashSet(), split.Training.Concat(split.Calibration).ToHashSet());
        Assert.Equal(count, split.Training.Count + split.Calibration.Count);
    }

    [Fact]
    public void Depends_on_content_and_not_on_names_or_order()
    {
        Picture[] normals = Normals(50), shuffled = Normals(50, prefix: "renamed");
        new Random(1).Shuffle(shuffled);
        Assert.Equal(
            Split.Of(normals, 0.2).Calibration.Select(p => p.Sha256).Order(),
            Split.Of(shuffled, 0.2).Calibration.Select(p => p.Sha256).Order());
    }

    [Fact]
    public void More_pictures_move_few_others()
    {
        HashSet<string> before = [.. Split.Of(Normals(200), 0.2).Calibration.Select(p => p.Sha256)];
        HashSet<string> after = [.. Split.Of(Normals(210), 0.2).Calibration.Select(p => p.Sha256)];
        Assert.InRange(before.Except(after).Count(), 0, 10);
    }

    [Theory]
    [InlineData(1, 0.2)]
    [InlineData(0, 0.2)]
    [InlineData(10, 0.99)]
    [InlineData(10, 1)]
    [InlineData(10, -0.1)]
    [InlineData(10, double.NaN)]
    public void Refuses_when_nothing_is_left_to_train_on(int count, double holdOut) =>
        Assert.Throws<EdgeException>(() => Split.Of(Normals(count), holdOut));
}
