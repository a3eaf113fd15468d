using System.Numerics;

namespace Edge.Synthetic.Defects;

/// <summary>Something that lies on the part: a textile fibre, a curl of swarf, or grit. It casts a shadow.</summary>
internal static class Contaminations
{
    /// <summary>Away from the bar light, pixels.</summary>
    private const int ShadowX = 2, ShadowY = 3;

    public static string Make(PartSurface surface, CurvePatch curve, float severity, ref Rng rng, out Vector3 color)
    {
        (float x, float y) = DefectMaker.OnFace(surface.Shape, ref rng, 4);
        color = Vector3.One;
        switch (rng.Below(3))
        {
            case 0:
                bool blue = rng.Unit() < 0.5f;
                if (blue) color = new Vector3(1.1f, 0.62f, 0.42f);
                Fibre(surface, curve, x, y, severity, blue ? 75 : rng.Unit() < 0.5f ? 25 : 190, ref rng);
                return "fibre";
            case 1:
                Swarf(surface, curve, x, y, severity, ref rng);
                return "swarf";
            default:
                Grit(surface, curve, x, y, severity, ref rng);
                return "grit";
        }
    }

    private static void Fibre(PartSurface surface, CurvePatch curve, float x, float y, float severity, float level, ref Rng rng)
    {
        Span<(float, float)> points = stackalloc (float, float)[40];
        float s = surface.Shape.Scale, step = Noise.Lerp(28, 210, severity) * s / points.Length, heading = rng.Range(0, 6.28f), half = Noise.Lerp(0.7f, 1.5f, severity);
        uint seed = (uint)rng.Next();
        for (int i = 0; i < points.Length; i++)
        {
            points[i] = (x, y);
            heading += 0.22f * Noise.Smooth(i * 0.13f, 0, seed) + 0.16f * Noise.Smooth(i * 0.5f, 1, seed);
            (float sin, float cos) = MathF.SinCos(heading);
            (x, y) = (x + step * cos, y + step * sin);
        }
        curve.Trace(points, half + 2);
        Paint(surface, curve, half, opacity: Noise.Lerp(0.65f, 1, severity), tint: true, (_, _) => level);
    }

    /// <summary>A spiral of bright metal: dark where it turns away from the light.</summary>
    private static void Swarf(PartSurface surface, CurvePatch curve, float x, float y, float severity, ref Rng rng)
    {
        Span<(float, float)> points = stackalloc (float, float)[48];
        float s = surface.Shape.Scale, radius = Noise.Lerp(4, 13, severity) * s, turns = rng.Range(1.2f, 3.2f), start = rng.Range(0, 6.28f), drift = radius * rng.Range(0.6f, 1.2f);
        (float sinD, float cosD) = MathF.SinCos(rng.Range(0, 6.28f));
        for (int i = 0; i < points.Length; i++)
        {
            float t = (float)i / (points.Length - 1);
            (float sin, float cos) = MathF.SinCos(start + t * turns * 2 * MathF.PI);
            float r = radius * (1 - 0.35f * t);
            points[i] = (x + cosD * drift * t * turns + r * cos, y + sinD * drift * t * turns + r * sin);
        }
        float half = Noise.Lerp(1.1f, 2.4f, severity) * Math.Max(s, 0.6f);
        curve.Trace(points, half + 2);
        Paint(surface, curve, half, 1, tint: false, (u, t) =>
        {
            float facing = MathF.Sin(start + t * turns * 2 * MathF.PI + 0.8f);
            return Math.Clamp(110 + 150 * facing + 60 * u, 12, 255);
        });
    }

    private static void Grit(PartSurface surface, CurvePatch curve, float x, float y, float severity, ref Rng rng)
    {
        float s = surface.Shape.Scale;
        Span<(float, float)> points = stackalloc (float, float)[7];
        for (int grain = 3 + rng.Below(2 + (int)(9 * severity)); grain > 0; grain--)
        {
            float gx = x + rng.Normal() * Noise.Lerp(4, 16, severity) * s, gy = y + rng.Normal() * Noise.Lerp(4, 16, severity) * s;
            float size = rng.Range(0.8f, Noise.Lerp(1.6f, 4.2f, severity)) * Math.Max(s, 0.6f), turn = rng.Range(0, 6.28f), level = rng.Range(10, 45);
            for (int i = 0; i < points.Length; i++)
            {
                (float sin, float cos) = MathF.SinCos(turn + i * 2.2f);
                points[i] = (gx + cos * size * 0.5f * rng.Unit(), gy + sin * size * 0.5f * rng.Unit());
            }
            curve.Trace(points, size + 2);
            Paint(surface, curve, size, 1, tint: false, (u, _) => level - 10 * u);
        }
    }

    /// <summary>Lays the traced curve over the part, first its shadow.</summary>
    /// <param name="level">Grey level from the place across (−1 … 1) and along (0 … 1).</param>
    private static void Paint(PartSurface surface, CurvePatch curve, float half, float opacity, bool tint, Func<float, float, float> level)
    {
        ReadOnlySpan<float> distance = curve.Distance, along = curve.Along;
        int width = curve.Rect.Width;
        for (int pass = 0; pass < 2; pass++)
        {
            (int offsetX, int offsetY) = pass == 0 ? (ShadowX, ShadowY) : (0, 0);
            int left = curve.Rect.X + offsetX, columns = Math.Min(width, surface.Width - left);
            for (int row = 0; row < curve.Rect.Height && curve.Rect.Y + row + offsetY < surface.Height; row++)
            {
                int y = curve.Rect.Y + row + offsetY;
                Span<Texel> texels = surface.Texels.RowAs<Texel>(y)[left..];
                Span<byte> tints = surface.Tint.RowAs<byte>(y)[left..], mask = surface.Mask.RowAs<byte>(y)[left..];
                for (int x = 0, i = row * width; x < columns; x++, i++)
                {
                    float d = MathF.Abs(distance[i]);
                    if (float.IsNaN(d)) continue;
                    ref Texel texel = ref texels[x];
                    if (pass == 0)
                    {
                        float shade = 1 - 0.40f * opacity * Noise.Step(half + 1.5f, half - 1, d);
                        (texel.Ring, texel.Bar) = (Texel.Level(texel.Ring * shade), Texel.Level(texel.Bar * shade * shade));
                        continue;
                    }
                    float a = opacity * Noise.Step(half + 0.6f, half - 0.6f, d);
                    if (a <= 0) continue;
                    float value = level(distance[i] / half, along[i]) * (1 - 0.35f * d / half);
                    texel.Ring = Texel.Level(Noise.Lerp(texel.Ring, value, a));
                    texel.Bar = Texel.Level(texel.Bar * (1 - a));
                    texel.Belt = Texel.Level(texel.Belt * (1 - a));
                    texel.Marks = Texel.Level(texel.Marks * (1 - a));
                    if (tint) tints[x] = (byte)(255 * a);
                    if (a > 0.3f) mask[x] = 255;
                }
            }
        }
    }
}
