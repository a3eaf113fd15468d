using System.Globalization;

namespace Edge.Imaging;

/// <summary>
/// What is inspected of a frame, as polygons in camera pixels: <c>X,Y X,Y X,Y</c>, more of them after a ';'. (0, 0) is the frame's upper left
/// corner. Even-odd rule: a polygon inside another is a hole in it. The rest is black for the model, in training and inspection alike.
/// </summary>
public sealed class FrameMask
{
    private const int MostPoints = 1000;

    private readonly (int X, int Y)[][] polygons;

    private FrameMask((int X, int Y)[][] polygons) => this.polygons = polygons;

    /// <exception cref="EdgeException">What is wrong with the text.</exception>
    public static FrameMask Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        (int, int)[][] polygons = [.. text.Split(';').Select(p => p.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Point).ToArray())];
        if (polygons.Any(p => p.Length < 3)) throw new EdgeException($"The mask '{text}' has a polygon of fewer than three points; use X,Y X,Y X,Y in camera pixels, and ';' before another polygon.");
        if (polygons.Sum(p => p.Length) > MostPoints) throw new EdgeException($"The mask has {polygons.Sum(p => p.Length)} points; at most {MostPoints} are read.");
        return new FrameMask(polygons);
    }

    private static (int X, int Y) Point(string text) =>
        text.Split(',') is [var x, var y] && int.TryParse(x, NumberStyles.None, CultureInfo.InvariantCulture, out int column) && int.TryParse(y, NumberStyles.None, CultureInfo.InvariantCulture, out int row)
            && column <= ushort.MaxValue && row <= ushort.MaxValue
            ? (column, row)
            : throw new EdgeException($"The mask's point '{text}' is not understood; use X,Y in camera pixels.");

    /// <summary>
    /// Pixels of the model's input to which the resize carries anything from outside the mask, so that nothing of it is ever seen: runs in the
    /// row-major [H, W] picture.
    /// </summary>
    /// <exception cref="EdgeException">The mask does not lie inside the frame, or leaves nothing.</exception>
    internal static IReadOnlyList<(int First, int Count)> Hidden(InputSpec spec, int frameWidth, int frameHeight)
    {
        if (spec.Mask is not { } text) return [];
        FrameMask mask = Parse(text);
        if (mask.polygons.SelectMany(p => p).Any(p => p.X > frameWidth || p.Y > frameHeight))
            throw new EdgeException($"The mask '{text}' does not lie inside the {frameWidth}×{frameHeight} frame.");
        Roi region = spec.Roi ?? new Roi(0, 0, frameWidth, frameHeight);
        ResampleFilter columns = new(region.Width, spec.Width), rows = new(region.Height, spec.Height);
        bool[] frame = mask.Inside(region), seen = new bool[region.Width];
        List<(int First, int Count)> hidden = [];
        int visible = spec.Width * spec.Height;
        for (int y = 0; y < spec.Height; y++)
        {
            seen.AsSpan().Fill(true);
            foreach (int row in rows.SamplesOf(y))
                for (int x = 0; x < seen.Length; x++) seen[x] &= frame[row * seen.Length + x];
            for (int x = 0; x < spec.Width; x++)
            {
                if (columns.SamplesOf(x).All(column => seen[column])) continue;
                int at = y * spec.Width + x;
                if (hidden.Count > 0 && hidden[^1].First + hidden[^1].Count == at) hidden[^1] = (hidden[^1].First, hidden[^1].Count + 1);
                else hidden.Add((at, 1));
                visible--;
            }
        }
        return visible > 0 ? hidden : throw new EdgeException($"The mask '{text}' leaves nothing of the frame to inspect.");
    }

    /// <summary>[H, W] of the region: whether a pixel's centre lies in the mask.</summary>
    private bool[] Inside(Roi region)
    {
        bool[] inside = new bool[region.Width * region.Height];
        List<double> crossings = [];
        for (int y = 0; y < region.Height; y++)
        {
            double at = region.Y + y + 0.5;   // of the pixels' centres: no corner lies on it
            crossings.Clear();
            foreach ((int X, int Y)[] polygon in polygons)
                for (int i = 0; i < polygon.Length; i++)
                {
                    (int X, int Y) a = polygon[i], b = polygon[(i + 1) % polygon.Length];
                    if ((a.Y < at) != (b.Y < at)) crossings.Add(a.X + (at - a.Y) * (b.X - a.X) / (b.Y - a.Y));
                }
            crossings.Sort();
            for (int i = 0; i + 1 < crossings.Count; i += 2)
            {
                int first = Math.Max(0, (int)Math.Ceiling(crossings[i] - region.X - 0.5)), end = Math.Min(region.Width, (int)Math.Ceiling(crossings[i + 1] - region.X - 0.5));
                if (first < end) inside.AsSpan(y * region.Width + first, end - first).Fill(true);
            }
        }
        return inside;
    }
}
