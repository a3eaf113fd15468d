namespace Edge.Synthetic;

/// <summary>A stretch of one edge that is not where the drawing says: a burr stands out, a chip is broken away.</summary>
/// <param name="Edge"><see cref="Rim"/>, <see cref="Bore"/>, or the number of a hole.</param>
/// <param name="X">Middle of the stretch, pixels from the part's centre.</param>
/// <param name="AlongX">Direction of the edge there, a unit vector.</param>
/// <param name="Length">Half of it, pixels.</param>
/// <param name="Depth">Pixels outwards (burr) or, negative, into the material (chip).</param>
internal sealed record EdgeFault(int Edge, float X, float Y, float AlongX, float AlongY, float Length, float Depth, uint Seed)
{
    public const int Rim = -1, Bore = -2;

    /// <summary>How far the edge is moved for a point near it, pixels; positive = there is more material.</summary>
    public float Shift(int edge, float x, float y)
    {
        if (edge != Edge) return 0;
        (float u, float v) = Local(x, y);
        float distance = MathF.Sqrt(u * u + v * v) / Length;
        if (distance >= 1) return 0;
        return Depth < 0
            ? Depth * Noise.Step(1, 0.35f, distance) * (0.9f + 0.35f * Noise.Fractal(u * 0.10f, 7, Seed))
            : Depth * Noise.Step(1, 0.6f, distance) * Math.Clamp(0.35f + 0.9f * Noise.Fractal(u * 0.09f, 7, Seed), 0.05f, 1);
    }

    /// <summary>Broken metal has facets in all directions; a burr is a thin rolled lip, streaked along the edge. Neither has machining marks.</summary>
    public void Roughen(float x, float y, ref SurfacePoint p)
    {
        (float u, float v) = Local(x, y);
        float distance = MathF.Sqrt(u * u + v * v), reach = Length + MathF.Abs(Depth);
        if (distance >= reach) return;
        float onEdge = Noise.Step(1, 0.6f, distance / reach) * MathF.Min(1, MathF.Sqrt(p.SlopeX * p.SlopeX + p.SlopeY * p.SlopeY) * 2.2f);
        float across, along;
        if (Depth < 0)
        {
            // Facets: steps of a coarse field rather than the field itself, and some grain.
            across = MathF.Round(2.2f * Noise.Smooth(u * 0.13f, v * 0.16f, Seed + 1)) * 0.45f + 0.25f * Noise.Smooth(u * 0.5f, v * 0.5f, Seed + 3);
            along = MathF.Round(2.2f * Noise.Smooth(u * 0.13f, v * 0.16f, Seed + 2)) * 0.35f + 0.25f * Noise.Smooth(u * 0.5f, v * 0.5f, Seed + 4);
        }
        else
        {
            across = 1.1f * Noise.Smooth(u * 0.07f, v * 0.40f, Seed + 1) + 0.2f * Noise.Smooth(u * 0.25f, v * 0.6f, Seed + 3);
            along = 0.15f * Noise.Smooth(u * 0.15f, v * 0.4f, Seed + 2);
        }
        p.SlopeX += onEdge * (along * AlongX - across * AlongY);
        p.SlopeY += onEdge * (along * AlongY + across * AlongX);
        p.Marks *= 1 - onEdge;
        (p.Across, p.Along) = (Noise.Lerp(p.Across, 0.22f, onEdge), Noise.Lerp(p.Along, 0.16f, onEdge));
    }

    /// <summary>Pixels along the edge and across it.</summary>
    private (float U, float V) Local(float x, float y) => ((x - X) * AlongX + (y - Y) * AlongY, (y - Y) * AlongX - (x - X) * AlongY);
}
