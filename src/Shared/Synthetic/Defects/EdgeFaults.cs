using OpenCvSharp;

namespace Edge.Synthetic.Defects;

/// <summary>A burr or a chip at the rim, at the bore or at a bolt hole.</summary>
internal static class EdgeFaults
{
    public static string Make(PartSurface surface, float severity, ref Rng rng)
    {
        FlangeShape shape = surface.Shape;
        float s = shape.Scale, angle = rng.Range(0, 2 * MathF.PI);
        bool burr = rng.Unit() < 0.5f;
        int edge = rng.Unit() switch { < 0.45f => EdgeFault.Rim, < 0.7f => EdgeFault.Bore, _ => rng.Below(FlangeShape.BoltHoles) };
        if (edge == EdgeFault.Bore && MathF.Cos(angle) > 0.8f) angle += MathF.PI;   // not in the keyway
        (float cx, float cy, float radius) = edge switch
        {
            EdgeFault.Rim => (0f, 0f, shape.OuterRadius),
            EdgeFault.Bore => (0f, 0f, shape.BoreRadius),
            _ => (shape.Holes[edge].X, shape.Holes[edge].Y, shape.Holes[edge].Radius),
        };
        (float sin, float cos) = MathF.SinCos(angle);
        (float x, float y) = (cx + cos * radius, cy + sin * radius);
        float length = Noise.Lerp(11, 46, severity) * rng.Range(0.8f, 1.2f) * s * (edge >= 0 ? 0.6f : 1);
        float depth = burr ? Noise.Lerp(2.5f, 11, severity) * s : -Noise.Lerp(2.5f, 12, severity) * s;
        shape.Fault = new EdgeFault(edge, x, y, -sin, cos, length, edge >= 0 ? depth * 0.7f : depth, (uint)rng.Next());
        float reach = length + MathF.Abs(depth) + 4;
        Rect rect = surface.Touch(x + surface.CenterX - reach, y + surface.CenterY - reach, x + surface.CenterX + reach, y + surface.CenterY + reach);
        surface.Shade(rect);
        return burr ? "burr" : "chip";
    }
}
