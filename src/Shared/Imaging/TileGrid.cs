namespace Edge.Imaging;

/// <summary>
/// Where the tiles of a picture lie. The first and the last of a row touch the picture's edges, the others lie between them as evenly
/// as pixels allow; neighbours share at least <see cref="TileSpec.Overlap"/> pixels. Of what they share, each contributes the half on its
/// own side: every pixel of the map comes from the tile in which it is farther from a border.
/// </summary>
public sealed class TileGrid
{
    public const int MostTiles = 256;

    private readonly int width, tileWidth, tileHeight;
    private readonly int[] lefts, tops, columnEnds, rowEnds;

    /// <exception cref="EdgeException">Tiles that are larger than the picture, overlap too much or are too many.</exception>
    public TileGrid(InputSpec input)
    {
        TileSpec tiles = input.Tiles ?? new TileSpec(input.Width, input.Height, 0);
        (width, tileWidth, tileHeight) = (input.Width, tiles.Width, tiles.Height);
        if (tiles.Width < 8 || tiles.Height < 8 || tiles.Width > input.Width || tiles.Height > input.Height)
            throw new EdgeException($"Tiles of {tiles.Width}×{tiles.Height} do not fit a picture of {input.Width}×{input.Height}: they are at least 8 pixels a side and not larger than the picture.");
        if (tiles.Overlap < 0 || 2 * tiles.Overlap >= Math.Min(tiles.Width, tiles.Height))
            throw new EdgeException($"Tiles of {tiles.Width}×{tiles.Height} can't overlap by {tiles.Overlap} pixels; it must be 0 to {(Math.Min(tiles.Width, tiles.Height) - 1) / 2}.");
        (lefts, columnEnds) = Along(input.Width, tiles.Width, tiles.Overlap);
        (tops, rowEnds) = Along(input.Height, tiles.Height, tiles.Overlap);
        if (Count > MostTiles) throw new EdgeException($"A picture of {input.Width}×{input.Height} would be {Count} tiles of {tiles.Width}×{tiles.Height}; at most {MostTiles} are run together.");
    }

    public int Columns => lefts.Length;
    public int Rows => tops.Length;
    public int Count => Columns * Rows;

    /// <summary>Columns of a tile, pixels.</summary>
    public int TileWidth => tileWidth;

    /// <summary>Rows of a tile, pixels.</summary>
    public int TileHeight => tileHeight;

    /// <summary>Top left corner of a tile; row by row.</summary>
    public (int X, int Y) this[int tile] => (lefts[tile % Columns], tops[tile / Columns]);

    /// <param name="rgb">uint8 [Height, Width, 3].</param>
    /// <param name="batch">uint8 [Count, TileHeight, TileWidth, 3].</param>
    public void Cut(ReadOnlySpan<byte> rgb, Span<byte> batch)
    {
        int line = tileWidth * 3;
        for (int tile = 0, to = 0; tile < Count; tile++)
        {
            (int x, int y) = this[tile];
            for (int row = 0; row < tileHeight; row++, to += line) rgb.Slice(((y + row) * width + x) * 3, line).CopyTo(batch[to..]);
        }
    }

    /// <param name="maps">float32 [Count, TileHeight, TileWidth].</param>
    /// <param name="map">float32 [Height, Width].</param>
    public void Stitch(ReadOnlySpan<float> maps, Span<float> map)
    {
        for (int tile = 0; tile < Count; tile++)
        {
            (int x, int y) = this[tile];
            (int column, int row) = (tile % Columns, tile / Columns);
            (int left, int right) = (column == 0 ? 0 : columnEnds[column - 1], columnEnds[column]);
            for (int at = row == 0 ? 0 : rowEnds[row - 1]; at < rowEnds[row]; at++)
                maps.Slice((tile * tileHeight + at - y) * tileWidth + left - x, right - left).CopyTo(map[(at * width + left)..]);
        }
    }

    /// <summary>Starts of the tiles along one side, and where each one's share of the picture ends.</summary>
    private static (int[] Starts, int[] Ends) Along(int length, int tile, int overlap)
    {
        int count = length == tile ? 1 : (length - overlap + tile - overlap - 1) / (tile - overlap);
        int[] starts = [.. Enumerable.Range(0, count).Select(i => count == 1 ? 0 : (int)Math.Round((double)i * (length - tile) / (count - 1)))];
        return (starts, [.. starts.Select((start, i) => i == count - 1 ? length : (start + tile + starts[i + 1]) / 2)]);
    }
}
