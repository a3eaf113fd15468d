namespace Edge.Synthetic;

/// <summary>
/// The part: a turned aluminium flange with hub, bore and keyway, O-ring groove, six bolt holes, three tapped holes and a milled
/// pad, seen from above. Lengths below are for an outer radius of 440 px and scale with it. x right, y down, from the centre.
/// </summary>
internal sealed class FlangeShape
{
    public const int BoltHoles = 6;

    /// <summary>Light comes from the upper left: shadows fall this way, pixels.</summary>
    private const float ShadowX = 9, ShadowY = 12;

    public FlangeShape(float outerRadius)
    {
        Scale = outerRadius / 440;
        Holes = new Hole[BoltHoles + 3];
        for (int i = 0; i < BoltHoles; i++) Holes[i] = At(i * 60, 352, 32, 10, 1);
        for (int i = 0; i < 3; i++) Holes[BoltHoles + i] = At(30 + i * 120, 178, 12, 5, 0.9f);
        Hole At(float degrees, float distance, float radius, float chamfer, float depth)
        {
            (float sin, float cos) = MathF.SinCos(degrees * MathF.PI / 180);
            return new Hole(cos * distance * Scale, sin * distance * Scale, radius * Scale, chamfer * Scale, depth);
        }
    }

    /// <summary>Pixels per unit of the drawing.</summary>
    public float Scale { get; }
    public Hole[] Holes { get; }

    /// <summary>Edges moved by a burr or a chip; null on a sound part.</summary>
    public EdgeFault? Fault { get; set; }

    public float OuterRadius => 440 * Scale;
    public float BoreRadius => 108 * Scale;
    public (float X, float Y, float HalfWidth, float HalfHeight) Pad => (0, -358 * Scale, 88 * Scale, 42 * Scale);

    public SurfacePoint At(float x, float y)
    {
        float r = MathF.Sqrt(x * x + y * y), ux = x / Math.Max(r, 0.01f), uy = y / Math.Max(r, 0.01f), s = Scale;
        float outer = OuterRadius + (Fault?.Shift(EdgeFault.Rim, x, y) ?? 0), bore = BoreDistance(x, y) + (Fault?.Shift(EdgeFault.Bore, x, y) ?? 0);
        SurfacePoint p = new()
        {
            Cover = Noise.Step(outer + 0.8f, outer - 0.8f, r) * Noise.Step(-0.8f, 0.8f, bore + 6 * s),   // 6: the bore's wall, seen from above its axis
            BeltLight = BeltLight(x, y, r),
            MarkX = -uy, MarkY = ux,
            Across = 0.30f, Along = 0.10f, Diffuse = 0.22f, Specular = 1, Open = 1, Marks = 1,
        };
        if (p.Cover <= 0) return p;

        float hub = 240 * s, groove = 276 * s;
        // Height over radius: chamfer of the bore, hub with its chamfer and fillet, O-ring groove, chamfer of the rim.
        float slope =
            Band(bore, -2, 10 * s) * 0.55f
            + Noise.Step(1, -1, bore) * 2.5f
            - Band(r, hub - 7 * s, hub) * 0.5f
            - Band(r, hub, hub + 2.5f) * 3f
            - Band(r, hub + 2.5f, hub + 11 * s) * 0.7f * Noise.Step(hub + 12 * s, hub, r)
            - Band(r, groove - 8 * s, groove - 4 * s) * 1.6f
            + Band(r, groove + 4 * s, groove + 8 * s) * 1.6f
            - Band(r, outer - 12 * s, outer + 4) * 0.5f;
        (p.SlopeX, p.SlopeY) = (ux * slope, uy * slope);
        if (bore < 10 * s) BoreEdge(x, y, slope, ref p);

        // Light that does not get there: beside the hub (its shadow on the side away from the light), in the groove.
        float shadowSide = 0.5f + 0.5f * (ux * ShadowX + uy * ShadowY) / 15;
        if (r > hub) p.Open *= 1 - (0.25f + 0.35f * shadowSide) * MathF.Exp(-(r - hub) / ((6 + 9 * shadowSide) * s));
        p.Open *= 1 - 0.45f * Noise.Step(7 * s, 5 * s, MathF.Abs(r - groove));
        // The hub's face was finished finer than the flange's.
        if (r < hub) (p.Across, p.Along, p.Diffuse) = (0.24f, 0.085f, 0.20f);

        MillPad(x, y, ref p);
        for (int i = 0; i < Holes.Length; i++)
        {
            if (MathF.Abs(x - Holes[i].X) > Holes[i].Reach + 12 || MathF.Abs(y - Holes[i].Y) > Holes[i].Reach + 12) continue;
            Holes[i].Cut(x, y, -(Fault?.Shift(i, x, y) ?? 0), ref p);
        }
        Fault?.Roughen(x, y, ref p);
        return p;
    }

    /// <summary>Pixels outside the bore's outline (a circle with a keyway towards +x); negative inside.</summary>
    private float BoreDistance(float x, float y)
    {
        float circle = MathF.Sqrt(x * x + y * y) - BoreRadius;
        float kx = MathF.Abs(x - BoreRadius) - 24 * Scale, ky = MathF.Abs(y) - 20 * Scale;
        float key = MathF.Max(kx, ky) < 0 ? MathF.Max(kx, ky) : MathF.Sqrt(MathF.Max(kx, 0) * MathF.Max(kx, 0) + MathF.Max(ky, 0) * MathF.Max(ky, 0));
        return MathF.Min(circle, key);
    }

    /// <summary>The chamfer follows the outline, keyway included: its direction is the distance's gradient.</summary>
    private void BoreEdge(float x, float y, float slope, ref SurfacePoint p)
    {
        float gx = BoreDistance(x + 0.5f, y) - BoreDistance(x - 0.5f, y), gy = BoreDistance(x, y + 0.5f) - BoreDistance(x, y - 0.5f);
        float length = MathF.Max(MathF.Sqrt(gx * gx + gy * gy), 0.01f);
        (p.SlopeX, p.SlopeY) = (gx / length * slope, gy / length * slope);
        (p.MarkX, p.MarkY, p.Marks) = (-gy / length, gx / length, 0.3f);
        if (slope > 1) (p.Open, p.Along) = (0.40f, 0.2f);
    }

    /// <summary>Face-milled pad for the marking: shallow, its marks are arcs of the cutter's radius.</summary>
    private void MillPad(float x, float y, ref SurfacePoint p)
    {
        (float px, float py, float hw, float hh) = Pad;
        float corner = 10 * Scale, dx = MathF.Abs(x - px) - hw + corner, dy = MathF.Abs(y - py) - hh + corner;
        float distance = MathF.Min(MathF.Max(dx, dy), 0) + MathF.Sqrt(MathF.Max(dx, 0) * MathF.Max(dx, 0) + MathF.Max(dy, 0) * MathF.Max(dy, 0)) - corner;
        if (distance > 1) return;
        bool sideways = dx > dy;
        float step = Band(distance, -4, -0.5f) * 0.7f, inside = Noise.Step(0.8f, -0.8f, distance);
        float ax = x - px + 40 * Scale, ay = y - py - 300 * Scale, arc = MathF.Sqrt(ax * ax + ay * ay);
        (p.MarkX, p.MarkY) = (-ay / arc, ax / arc);
        float mark = 0.6f * Noise.Smooth(arc * 0.42f, 0.5f, 11) + 0.4f * Noise.Smooth(arc * 0.9f, x * 0.02f, 12);
        p.SlopeX = Noise.Lerp(p.SlopeX, (sideways ? MathF.Sign(x - px) * step : 0) + ax / arc * 0.05f * mark, inside);
        p.SlopeY = Noise.Lerp(p.SlopeY, (sideways ? 0 : MathF.Sign(y - py) * step) + ay / arc * 0.05f * mark, inside);
        (p.Across, p.Along, p.Diffuse) = (0.26f, 0.14f, 0.20f);
        p.Specular *= Noise.Lerp(1, 0.85f + 0.10f * mark, inside);
        p.Marks *= 1 - inside;
    }

    /// <summary>The part's shadow on the belt.</summary>
    private float BeltLight(float x, float y, float r)
    {
        float sx = x - ShadowX * Scale, sy = y - ShadowY * Scale, shadow = MathF.Sqrt(sx * sx + sy * sy) - OuterRadius, beside = r - OuterRadius;
        if (r < BoreRadius * 1.4f) return 0.55f;
        return (1 - 0.55f * Noise.Step(22 * Scale, -14 * Scale, shadow)) * (1 - 0.45f * MathF.Exp(-MathF.Max(beside, 0) / (9 * Scale)));
    }

    /// <summary>1 between two places, rounded over 3 px at both.</summary>
    private static float Band(float at, float from, float to) => Noise.Step(from - 1.5f, from + 1.5f, at) * Noise.Step(to + 1.5f, to - 1.5f, at);
}
