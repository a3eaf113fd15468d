using OpenCvSharp;

namespace Edge.Synthetic.Defects;

/// <summary>One of the six bolt holes is wrong. Which fault it is says how well it is seen.</summary>
internal static class HoleFaults
{
    public static string Make(PartSurface surface, float severity, ref Rng rng)
    {
        int number = rng.Below(FlangeShape.BoltHoles);
        Hole sound = surface.Shape.Holes[number];
        (string variant, Hole wrong) = severity switch
        {
            < 0.25f => ("undersized", sound with { Radius = sound.Radius * rng.Range(0.86f, 0.92f) }),
            < 0.45f => ("not chamfered", sound with { Chamfer = 0 }),
            < 0.75f => ("half-drilled", sound with { Depth = rng.Range(0.2f, 0.7f) }),
            _ => ("missing", sound with { Radius = 0, Chamfer = 0 }),
        };
        float reach = sound.Reach + 2, x = sound.X + surface.CenterX, y = sound.Y + surface.CenterY;
        Rect rect = surface.Touch(x - reach, y - reach, x + reach, y + reach);
        surface.Shape.Holes[number] = wrong;
        surface.Shade(rect);
        surface.Shape.Holes[number] = sound;
        // The fault is the hole's inside (half-drilled), the ring by which it is too small or not chamfered, or all of it.
        (float inner, float outer) = variant switch
        {
            "undersized" => (wrong.Radius, sound.Radius + sound.Chamfer),
            "not chamfered" => (sound.Radius, sound.Radius + sound.Chamfer),
            "half-drilled" => (0, sound.Radius),
            _ => (0, sound.Radius + sound.Chamfer),
        };
        for (int row = rect.Top; row < rect.Bottom; row++)
        {
            Span<byte> mask = surface.Mask.RowAs<byte>(row);
            for (int column = rect.Left; column < rect.Right; column++)
            {
                float d = DefectMaker.Distance(column - x, row - y);
                if (d >= inner && d <= outer) mask[column] = 255;
            }
        }
        return variant;
    }
}
