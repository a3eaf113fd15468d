using System.Numerics;

namespace Edge.Synthetic.Defects;

/// <summary>Puts a defect of a given severity somewhere on the part.</summary>
internal sealed class DefectMaker(PartSurface surface)
{
    private readonly CurvePatch curve = new(surface);

    /// <param name="severity">0 hardly visible to 1 obvious.</param>
    /// <returns>The kind, and the colour (blue, green, red) of what it tints.</returns>
    public (string Variant, Vector3 Color) Make(Defect defect, float severity, ref Rng rng)
    {
        Vector3 color = Vector3.One;
        string variant = defect switch
        {
            Defect.Scratch => Scratches.Make(surface, curve, severity, ref rng),
            Defect.Dent => Dents.Make(surface, severity, ref rng),
            Defect.Hole => HoleFaults.Make(surface, severity, ref rng),
            Defect.Burr => EdgeFaults.Make(surface, severity, ref rng),
            Defect.Stain => Stains.Make(surface, severity, ref rng, out color),
            Defect.Contamination => Contaminations.Make(surface, curve, severity, ref rng, out color),
            _ => throw new ArgumentOutOfRangeException(nameof(defect)),
        };
        surface.MaskChanges();
        return (variant, color);
    }

    /// <summary>A point on flat, machined metal, pixels from the part's centre: not in a hole, groove, chamfer or the bore.</summary>
    /// <param name="clear">Distance kept from all of these.</param>
    public static (float X, float Y) OnFace(FlangeShape shape, ref Rng rng, float clear)
    {
        clear = Math.Min(clear, 40 * shape.Scale);
        while (true)
        {
            float r = shape.OuterRadius * MathF.Sqrt(rng.Unit()), s = shape.Scale;
            (float sin, float cos) = MathF.SinCos(rng.Range(0, 2 * MathF.PI));
            (float x, float y) = (r * cos, r * sin);
            bool flange = r > 284 * s + clear && r < 428 * s - clear, hub = r > 122 * s + clear && r < 232 * s - clear;
            bool keyway = x > 0 && MathF.Abs(y) < 40 * s && r < 170 * s;
            bool free = true;
            foreach (Hole hole in shape.Holes) free &= Distance(x - hole.X, y - hole.Y) > hole.Reach + clear;
            if ((flange || hub) && free && !keyway) return (x, y);
        }
    }

    public static float Distance(float x, float y) => MathF.Sqrt(x * x + y * y);
}
