using Edge.Imaging;
using Xunit;

namespace Edge.Tests.Imaging;

public sealed class TileGridTests
{
    private static InputSpec Input(int width, int height, int tileWidth, int tileHeight, int overlap) =>
        new() { Width = width, Height = height, Tiles = new TileSpec(tileWidth, tileHeight, overlap) };

    [Theory]
    [InlineData(64, 48, 16, 16, 0, 12)]
    [InlineData(64, 48, 16, 16, 4, 20)]
    [InlineData(65, 31, 16, 24, 5, 12)]
    [InlineData(100, 16, 16, 16, 7, 11)]
    [InlineData(16, 16, 16, 16, 3, 1)]
    [InlineData(17, 16, 16, 16, 0, 2)]
    public void Tiles_cover_the_picture_overlap_enough_and_come_back_as_the_picture(int width, int height, int tileWidth, int tileHeight, int overlap, int count)
    {
        TileGrid grid = new(Input(width, height, tileWidth, tileHeight, overlap));
        Assert.Equal(count, grid.Count);
        Assert.Equal((0, 0), grid[0]);
        Assert.Equal((width - tileWidth, height - tileHeight), grid[count - 1]);
        for (int i = 1; i < grid.Columns; i++) Assert.True(grid[i - 1].X + tileWidth - grid[i].X >= overlap, $"columns {i - 1} and {i}");
        for (int i = 1; i < grid.Rows; i++) Assert.True(grid[(i - 1) * grid.Columns].Y + tileHeight - grid[i * grid.Columns].Y >= overlap, $"rows {i - 1} and {i}");

        byte[] rgb = new byte[width * height * 3], batch = new byte[count * tileWidth * tileHeight * 3];
        new Random(1).NextBytes(rgb);
        grid.Cut(rgb, batch);
        float[] maps = [.. Enumerable.Range(0, count * tileWidth * tileHeight).Select(i => batch[i * 3] + 256f * batch[i * 3 + 1] + 65536f * batch[i * 3 + 2])], map = new float[width * height];
        Array.Fill(map, float.NaN);
        grid.Stitch(maps, map);
        Assert.Equal(Enumerable.Range(0, width * height).Select(i => rgb[i * 3] + 256f * rgb[i * 3 + 1] + 65536f * rgb[i * 3 + 2]), map);
    }

    /// <summary>A tile's values far from its borders are the ones taken: each pixel's tile is one in which it lies deepest along both sides.</summary>
    [Fact]
    public void Each_pixel_comes_from_the_tile_in_which_it_lies_deepest()
    {
        TileGrid grid = new(Input(100, 70, 32, 24, 9));
        float[] maps = [.. Enumerable.Range(0, grid.Count).SelectMany(tile => Enumerable.Repeat((float)tile, 32 * 24))], map = new float[100 * 70];
        grid.Stitch(maps, map);
        for (int y = 0; y < 70; y++)
            for (int x = 0; x < 100; x++)
            {
                int Depth(int at, int start, int size, int length) => Math.Min(start == 0 ? length : at - start, start + size == length ? length : start + size - 1 - at);
                (int X, int Y) taken = grid[(int)map[y * 100 + x]];
                Assert.InRange(Depth(x, taken.X, 32, 100), Enumerable.Range(0, grid.Count).Max(t => Depth(x, grid[t].X, 32, 100)) - 1, 100);
                Assert.InRange(Depth(y, taken.Y, 24, 70), Enumerable.Range(0, grid.Count).Max(t => Depth(y, grid[t].Y, 24, 70)) - 1, 100);
            }
    }

    [Theory]
    [InlineData(64, 64, 65, 16, 0, "do not fit")]
    [InlineData(64, 64, 4, 16, 0, "at least 8")]
    [InlineData(64, 64, 16, 16, 8, "can't overlap by 8")]
    [InlineData(64, 64, 16, 16, -1, "0 to 7")]
    [InlineData(4096, 4096, 16, 16, 0, "at most 256")]
    public void Tiles_that_can_not_be_are_refused(int width, int height, int tileWidth, int tileHeight, int overlap, string why) =>
        Assert.Contains(why, Assert.Throws<EdgeException>(() => new TileGrid(Input(width, height, tileWidth, tileHeight, overlap))).Message, StringComparison.Ordinal);
}
