using Edge.Training.Methods.PatchCore;
using Xunit;

namespace Edge.Tests.Methods.PatchCore;

public sealed class PatchSampleTests
{
    private const int Patches = 64, Dimension = 2;

    private static string Sha(int picture) => $"{picture * 2654435761L:x8}".PadLeft(64, '0')[^8..].PadRight(64, '0');

    /// <summary>Every embedding says which picture and patch it is.</summary>
    private static float[] Embeddings(int picture) => [.. Enumerable.Range(0, Patches).SelectMany(patch => new float[] { picture, patch })];

    private static PatchSample Sample(IEnumerable<int> pictures, int most, int seed = 0)
    {
        int[] all = [.. pictures];
        PatchSample sample = new(all.Length, Patches, Dimension, most, seed);
        foreach (int picture in all) sample.Add(Sha(picture), Embeddings(picture));
        return sample;
    }

    private static HashSet<(int Picture, int Patch)> Kept(PatchSample sample)
    {
        float[] rows = sample.Rows.ToArray();
        return [.. rows.Chunk(2).Select(r => ((int)r[0], (int)r[1]))];
    }

    [Fact]
    public void Everything_is_kept_when_it_fits()
    {
        PatchSample sample = Sample(Enumerable.Range(0, 10), most: 640);
        Assert.Equal(640, sample.Count);
        Assert.Equal(640, Kept(sample).Count);
    }

    [Fact]
    public void An_even_share_of_each_picture_is_kept_without_repetition_and_within_the_cap()
    {
        PatchSample sample = Sample(Enumerable.Range(0, 30), most: 1000);
        Assert.Equal((1000, 1920L), (sample.Count, sample.Seen));
        HashSet<(int Picture, int Patch)> kept = Kept(sample);
        Assert.Equal(1000, kept.Count);
        Assert.All(kept.GroupBy(k => k.Picture), g => Assert.InRange(g.Count(), 33, 34));
        Assert.True(kept.Select(k => k.Patch).Distinct().Count() == Patches, "all places of a picture have a chance");
    }

    [Fact]
    public void The_choice_depends_on_content_and_seed_not_on_order()
    {
        HashSet<(int, int)> forward = Kept(Sample(Enumerable.Range(0, 16), most: 512)), backward = Kept(Sample(Enumerable.Range(0, 16).Reverse(), most: 512));
        Assert.Equal(forward, backward);
        Assert.NotEqual(forward, Kept(Sample(Enumerable.Range(0, 16), most: 512, seed: 1)));
    }

    [Theory]
    [InlineData(0, 1000)]
    [InlineData(4, 300)]
    [InlineData(9, 1000)]
    public void One_picture_is_left_out_and_nothing_else(int picture, int most)
    {
        PatchSample all = Sample(Enumerable.Range(0, 10), most), others = all.Without(picture);
        HashSet<(int Picture, int Patch)> expected = [.. Kept(all).Where(k => k.Picture != picture)];
        Assert.Equal(expected, Kept(others));
        Assert.Equal((9, expected.Count, 9 * 64L), (others.Pictures, others.Count, others.Seen));
        Assert.Equal(Kept(others.Without(3)), Kept(all.Without(picture > 3 ? 3 : 4).Without(picture > 3 ? picture - 1 : picture)));
    }
}
