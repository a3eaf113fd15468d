using System.Numerics;
using OpenCvSharp;

namespace Edge.Synthetic.Defects;

/// <summary>Rust (orange, dull), oil (dark, with a sharper rim) or dried coolant (pale): a ragged blob over whatever lies under it.</summary>
internal static class Stains
{
    private readonly record struct Kind(string Name, Vector3 Color, float Tint, float Diffuse, float Gloss, float Dull, float Rim);

    private static readonly Kind[] Kinds =
    [
        new("rust", new(0.24f, 0.50f, 0.90f), 1, 0.95f, 0.20f, 0.9f, 0),
        new("oil", new(0.60f, 0.80f, 0.90f), 0.8f, 0.62f, 0.45f, 0.5f, 0.5f),
        new("coolant", new(0.97f, 1.0f, 0.96f), 0.8f, 1.9f, 0.20f, 0.9f, 1.3f),
    ];

    public static string Make(PartSurface surface, float severity, ref Rng rng, out Vector3 color)
    {
        Kind kind = Kinds[rng.Below(Kinds.Length)];
        color = kind.Color;
        float s = surface.Shape.Scale, size = Noise.Lerp(18, 62, severity) * rng.Range(0.8f, 1.2f) * s, strength = Noise.Lerp(0.22f, 0.95f, severity);
        (float cx, float cy) = DefectMaker.OnFace(surface.Shape, ref rng, 0);
        uint seed = (uint)rng.Next();
        float reach = 1.7f * size;
        Rect rect = surface.Touch(cx + surface.CenterX - reach, cy + surface.CenterY - reach, cx + surface.CenterX + reach, cy + surface.CenterY + reach);
        for (int y = rect.Top; y < rect.Bottom; y++)
        {
            Span<Texel> texels = surface.Texels.RowAs<Texel>(y);
            Span<byte> tint = surface.Tint.RowAs<byte>(y), mask = surface.Mask.RowAs<byte>(y);
            for (int x = rect.Left; x < rect.Right; x++)
            {
                float dx = x - surface.CenterX - cx, dy = y - surface.CenterY - cy, d = DefectMaker.Distance(dx, dy) / size;
                float edge = 1 - d + 0.55f * Noise.Fractal(dx * 1.1f / size, dy * 1.1f / size, seed);
                float cover = Noise.Step(0, kind.Rim > 0 ? 0.20f : 0.60f, edge);
                // In a hole or on the belt nothing is seen of it.
                if (cover <= 0 || texels[x].Belt > 0 || texels[x].Ring + texels[x].Bar < 30) continue;
                float patchy = kind.Rim > 0
                    ? 0.45f + kind.Rim * 0.45f * MathF.Exp(-(edge - 0.12f) * (edge - 0.12f) * 90) + 0.5f * Noise.Fractal(dx * 0.9f / size, dy * 0.9f / size, seed + 3)
                    : 0.55f + 0.8f * Noise.Fractal(dx * 0.13f, dy * 0.13f, seed + 5) + 0.25f * Noise.Smooth(dx * 0.7f, dy * 0.7f, seed + 9);
                float a = strength * cover * Math.Clamp(patchy, 0, 1);
                ref Texel texel = ref texels[x];
                texel.Ring = Texel.Level(texel.Ring * Noise.Lerp(1, kind.Diffuse, a));
                texel.Bar = Texel.Level(texel.Bar * Noise.Lerp(1, kind.Gloss, a));
                texel.Marks = Texel.Level(texel.Marks * Noise.Lerp(1, 1 - kind.Dull, a));
                tint[x] = Texel.Level(255 * a * kind.Tint);
                if (a > 0.06f) mask[x] = 255;
            }
        }
        return kind.Name;
    }
}
