using Edge.Imaging;

namespace Edge.Training.Data;

/// <summary>What a method learns from when pictures are inspected in tiles: pictures of a tile's size. The loader cuts them.</summary>
internal sealed record TileInput : InputSpec
{
    private TileInput() { }

    /// <summary>The pictures that the tiles are cut from.</summary>
    public required InputSpec Whole { get; init; }

    public required TileGrid Grid { get; init; }

    /// <summary>The graph's input: the picture itself, or its tiles.</summary>
    public static InputSpec Of(InputSpec input) => input.Tiles is not { } tiles ? input
        : new TileInput { Width = tiles.Width, Height = tiles.Height, FixedSize = input.FixedSize, Whole = input, Grid = new TileGrid(input) };

    /// <summary>Pictures that the loader makes of one file.</summary>
    public static int PerPicture(InputSpec input) => input is TileInput tiled ? tiled.Grid.Count : 1;

    /// <summary>All tiles of a picture, row by row.</summary>
    public IEnumerable<LoadedPicture> Cut(LoadedPicture picture)
    {
        int bytes = Width * Height * 3;
        byte[] batch = new byte[Grid.Count * bytes];
        Grid.Cut(picture.Rgb, batch);
        return Enumerable.Range(0, Grid.Count).Select(i => picture with { Rgb = batch[(i * bytes)..((i + 1) * bytes)] });
    }
}
