namespace Edge.Synthetic.Defects;

/// <summary>A furrow with raised lips, bent, deeper in some places than in others, sometimes interrupted, sometimes doubled.</summary>
internal static class Scratches
{
    public static string Make(PartSurface surface, CurvePatch curve, float severity, ref Rng rng)
    {
        float s = surface.Shape.Scale;
        int lines = severity > 0.6f && rng.Unit() < 0.35f ? 2 : 1;
        (float x, float y) = DefectMaker.OnFace(surface.Shape, ref rng, 10 * s);
        float angle = rng.Range(0, 6.28f), length = Noise.Lerp(60, 290, MathF.Pow(severity, 1.2f)) * rng.Range(0.8f, 1.2f) * s, bend = rng.Range(-1.1f, 1.1f);
        for (int line = 0; line < lines; line++)
        {
            Draw(surface, curve, x + line * rng.Range(4, 9) * s, y + line * rng.Range(4, 9) * s, angle + line * 0.04f, length, bend, severity, ref rng);
        }
        return lines == 2 ? "double" : "single";
    }

    private static void Draw(PartSurface surface, CurvePatch curve, float x, float y, float angle, float length, float bend, float severity, ref Rng rng)
    {
        Span<(float, float)> points = stackalloc (float, float)[24];
        uint seed = (uint)rng.Next();
        float step = length / (points.Length - 1), half = Noise.Lerp(1.2f, 2.6f, severity) * rng.Range(0.85f, 1.2f);
        float depth = Noise.Lerp(0.35f, 2.1f, severity), gaps = rng.Unit() < 0.4f ? 0.55f : 0;
        for (int i = 0; i < points.Length; i++)
        {
            points[i] = (x, y);
            float heading = angle + bend * i / points.Length + 0.08f * Noise.Smooth(i * 0.4f, 0, seed);
            (float sin, float cos) = MathF.SinCos(heading);
            (x, y) = (x + step * cos, y + step * sin);
        }
        curve.Trace(points, half * 2 + 1);
        Span<float> distance = curve.Distance, along = curve.Along;
        for (int row = 0, i = 0; row < curve.Rect.Height; row++)
        {
            Span<float> relief = surface.Relief.RowAs<float>(curve.Rect.Y + row)[curve.Rect.X..];
            Span<Texel> texels = surface.Texels.RowAs<Texel>(curve.Rect.Y + row)[curve.Rect.X..];
            Span<byte> mask = surface.Mask.RowAs<byte>(curve.Rect.Y + row)[curve.Rect.X..];
            for (int column = 0; column < curve.Rect.Width; column++, i++)
            {
                // What scratches the face passes over holes, and over the belt.
                if (float.IsNaN(distance[i]) || texels[column].Belt > 0 || texels[column].Ring + texels[column].Bar < 30) { distance[i] = 0; continue; }
                float t = along[i], ends = Noise.Step(0, 0.12f, t) * Noise.Step(1, 0.8f, t);
                float pressure = ends * Math.Clamp(0.75f + 0.6f * Noise.Smooth(t * 9, 1, seed) - gaps * Noise.Step(0.1f, 0.5f, Noise.Smooth(t * 5, 2, seed)), 0, 1.3f);
                float u = distance[i] / half;
                relief[column] += depth * pressure * (-MathF.Exp(-u * u) + 0.3f * MathF.Exp(-(MathF.Abs(u) - 1.45f) * (MathF.Abs(u) - 1.45f) * 6));
                if (MathF.Abs(u) < 1 && pressure > 0.12f) mask[column] = 255;
                distance[i] = 1;
            }
        }
        surface.Shade(curve.Rect, distance);
    }
}
