using OpenCvSharp;

namespace Edge.Synthetic.Defects;

/// <summary>A curve on the part: for each pixel near it, how far it is away, on which side, and where along the curve.</summary>
internal sealed class CurvePatch(PartSurface surface)
{
    private float[] distance = [], along = [];

    public Rect Rect { get; private set; }

    /// <summary>Signed distance in pixels, [H, W] of <see cref="Rect"/>; NaN where the curve is farther than asked for.</summary>
    public Span<float> Distance => distance.AsSpan(0, Rect.Width * Rect.Height);

    /// <summary>0 at the start of the curve … 1 at its end.</summary>
    public Span<float> Along => along.AsSpan(0, Rect.Width * Rect.Height);

    /// <param name="points">Pixels from the part's centre.</param>
    public void Trace(ReadOnlySpan<(float X, float Y)> points, float reach)
    {
        float left = float.MaxValue, top = float.MaxValue, right = float.MinValue, bottom = float.MinValue;
        foreach ((float x, float y) in points)
        {
            (left, right) = (Math.Min(left, x), Math.Max(right, x));
            (top, bottom) = (Math.Min(top, y), Math.Max(bottom, y));
        }
        float margin = reach + 10;
        Rect = surface.Touch(left + surface.CenterX - margin, top + surface.CenterY - margin, right + surface.CenterX + margin, bottom + surface.CenterY + margin);
        int count = Rect.Width * Rect.Height;
        if (distance.Length < count) (distance, along) = (new float[count], new float[count]);
        Distance.Fill(float.NaN);
        for (int i = 1; i < points.Length; i++) Segment(points[i - 1], points[i], (i - 1f) / (points.Length - 1), 1f / (points.Length - 1), reach);
    }

    private void Segment((float X, float Y) a, (float X, float Y) b, float start, float share, float reach)
    {
        float ax = a.X + surface.CenterX - Rect.X, ay = a.Y + surface.CenterY - Rect.Y, ex = b.X - a.X, ey = b.Y - a.Y, square = ex * ex + ey * ey;
        if (square == 0) return;
        int x0 = Math.Max(0, (int)(Math.Min(ax, ax + ex) - reach)), x1 = Math.Min(Rect.Width - 1, (int)(Math.Max(ax, ax + ex) + reach + 1));
        int y0 = Math.Max(0, (int)(Math.Min(ay, ay + ey) - reach)), y1 = Math.Min(Rect.Height - 1, (int)(Math.Max(ay, ay + ey) + reach + 1));
        for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++)
        {
            float dx = x - ax, dy = y - ay, t = Math.Clamp((dx * ex + dy * ey) / square, 0, 1);
            float px = dx - t * ex, py = dy - t * ey, d = MathF.Sqrt(px * px + py * py);
            int i = y * Rect.Width + x;
            if (d > reach || MathF.Abs(distance[i]) <= d) continue;   // a comparison with NaN is false: the first segment wins over nothing
            distance[i] = ex * dy - ey * dx < 0 ? -d : d;
            along[i] = start + t * share;
        }
    }
}
