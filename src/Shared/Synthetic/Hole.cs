namespace Edge.Synthetic;

/// <summary>A drilled hole.</summary>
/// <param name="X">Centre, pixels from the part's centre.</param>
/// <param name="Radius">Of the bore, pixels; 0 = not drilled.</param>
/// <param name="Chamfer">Width of the countersink, pixels.</param>
/// <param name="Depth">1 = through; less = blind, its cone shows.</param>
internal readonly record struct Hole(float X, float Y, float Radius, float Chamfer, float Depth)
{
    /// <summary>The camera looks from above the part's centre: the far rim of a hole is nearer to it by this fraction.</summary>
    private const float Parallax = 0.036f;

    public float Reach => Radius + Chamfer + 4;

    /// <summary>Changes <paramref name="p"/> where the hole is.</summary>
    public void Cut(float x, float y, float edgeShift, ref SurfacePoint p)
    {
        float dx = x - X, dy = y - Y, distance = MathF.Sqrt(dx * dx + dy * dy);
        float radius = Radius + edgeShift;
        if (Radius <= 0 || distance > radius + Chamfer + 3) return;
        float ux = dx / Math.Max(distance, 0.01f), uy = dy / Math.Max(distance, 0.01f);

        // Countersink, its two edges rounded over 3 px: that is where the bright line of an edge comes from.
        float slope = Noise.Step(radius + Chamfer + 1.5f, radius + Chamfer - 1.5f, distance) * (Chamfer > 0 ? 0.55f : 0.5f * Noise.Step(radius + 2, radius, distance));
        float onChamfer = Noise.Step(radius + Chamfer + 0.7f, radius + Chamfer - 0.7f, distance);
        (p.SlopeX, p.SlopeY) = (Noise.Lerp(p.SlopeX, ux * slope, onChamfer), Noise.Lerp(p.SlopeY, uy * slope, onChamfer));
        if (distance < radius + Chamfer)
        {
            (p.MarkX, p.MarkY) = (-uy, ux);
            (p.Across, p.Along, p.Marks) = (0.20f, 0.13f, 0.25f);
        }
        float inside = Noise.Step(radius + 0.8f, radius - 0.8f, distance);
        if (inside <= 0) return;

        // The far end of the hole, moved towards the camera's axis and smaller.
        float shift = Parallax * Depth, bottom = radius * (1 - 0.045f * Depth);
        float bx = x - X * (1 - shift), by = y - Y * (1 - shift), fromBottom = MathF.Sqrt(bx * bx + by * by) - bottom;
        float floor = Noise.Step(0.8f, -0.8f, fromBottom);
        float wallDepth = Math.Clamp(1 - fromBottom / (radius * 0.30f), 0, 1);   // 0 at the rim … 1 at the far end

        // Wall: steep, facing the axis, darker the deeper.
        SurfacePoint wall = p;
        (wall.SlopeX, wall.SlopeY) = (ux * 2.2f, uy * 2.2f);
        (wall.MarkX, wall.MarkY, wall.Across, wall.Along) = (-uy, ux, 0.35f, 0.2f);
        (wall.Diffuse, wall.Open, wall.Marks) = (p.Diffuse * 0.7f, 0.50f - 0.38f * wallDepth, 0);
        if (Depth < 1)
        {
            // Cone of a 118° drill, with its concentric marks.
            float cone = MathF.Sqrt(bx * bx + by * by);
            float ring = 1 + 0.25f * Noise.Smooth(cone * 0.55f, 3, 71);
            float tip = Noise.Step(2.5f, 0.5f, cone);
            SurfacePoint blind = wall;
            (blind.SlopeX, blind.SlopeY) = (bx / Math.Max(cone, 0.5f) * 0.6f * (1 - tip), by / Math.Max(cone, 0.5f) * 0.6f * (1 - tip));
            (blind.Across, blind.Along, blind.Open) = (0.25f, 0.12f, (0.72f - 0.38f * Depth) * ring * Noise.Step(0, -bottom * 0.35f, fromBottom - 2));
            Mix(ref wall, blind, floor);
        }
        else
        {
            wall.Cover *= 1 - floor;
            wall.BeltLight = 0.42f * Noise.Step(2, -bottom * 0.9f, fromBottom);
        }
        Mix(ref p, wall, inside);
    }

    /// <summary>Blends two descriptions across an antialiased edge.</summary>
    private static void Mix(ref SurfacePoint p, in SurfacePoint other, float t)
    {
        if (t >= 1) { p = other; return; }
        p.Cover = Noise.Lerp(p.Cover, other.Cover, t);
        p.BeltLight = other.BeltLight;
        (p.SlopeX, p.SlopeY) = (Noise.Lerp(p.SlopeX, other.SlopeX, t), Noise.Lerp(p.SlopeY, other.SlopeY, t));
        (p.Across, p.Along) = (Noise.Lerp(p.Across, other.Across, t), Noise.Lerp(p.Along, other.Along, t));
        (p.Diffuse, p.Specular) = (Noise.Lerp(p.Diffuse, other.Diffuse, t), Noise.Lerp(p.Specular, other.Specular, t));
        (p.Open, p.Marks) = (Noise.Lerp(p.Open, other.Open, t), Noise.Lerp(p.Marks, other.Marks, t));
    }
}
