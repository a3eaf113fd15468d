using OpenCvSharp;

namespace Edge.Synthetic.Defects;

/// <summary>A shallow bowl with a slight rim, longer in one direction; the metal keeps its finish, only the reflection is bent.</summary>
internal static class Dents
{
    public static string Make(PartSurface surface, float severity, ref Rng rng)
    {
        float s = surface.Shape.Scale, size = Noise.Lerp(9, 26, severity) * rng.Range(0.8f, 1.25f) * s, ratio = rng.Range(0.55f, 1);
        (float x, float y) = DefectMaker.OnFace(surface.Shape, ref rng, size);
        (float sin, float cos) = MathF.SinCos(rng.Range(0, MathF.PI));
        // The steepest slope of a Gaussian bowl is depth / size · e^−½.
        float depth = -Noise.Lerp(0.06f, 0.34f, severity) * size * rng.Range(0.9f, 1.1f), reach = 3.2f * size;
        uint seed = (uint)rng.Next();
        Rect rect = surface.Touch(x + surface.CenterX - reach, y + surface.CenterY - reach, x + surface.CenterX + reach, y + surface.CenterY + reach);
        for (int row = rect.Top; row < rect.Bottom; row++)
        {
            Span<float> relief = surface.Relief.RowAs<float>(row);
            Span<byte> mask = surface.Mask.RowAs<byte>(row);
            Span<Texel> texels = surface.Texels.RowAs<Texel>(row);
            for (int column = rect.Left; column < rect.Right; column++)
            {
                float dx = column - surface.CenterX - x, dy = row - surface.CenterY - y;
                float u = (cos * dx + sin * dy) / size, v = (cos * dy - sin * dx) / (size * ratio), q = u * u + v * v;
                q *= 1 + 0.15f * Noise.Smooth(dx / size, dy / size, seed);   // nothing that hits a part is an ellipsoid
                relief[column] += depth * (MathF.Exp(-q / 2) - 0.16f * MathF.Exp(-(q - 4) * (q - 4) / 5)) * Noise.Step(9.5f, 6.5f, u * u + v * v);
                if (q < 4 && texels[column].Belt == 0) mask[column] = 255;
            }
        }
        surface.Shade(rect);
        return ratio < 0.75f ? "long" : "round";
    }
}
