using OpenCvSharp;

namespace Edge.Synthetic;

/// <summary>What every normal part has: specks of dust and faint hairlines from handling. Smaller and weaker than any defect.</summary>
internal static class Dust
{
    public static void Settle(ref Rng rng, Mat radiance, Pose pose, float radius)
    {
        for (int i = 4 + rng.Below(12); i > 0; i--)
        {
            (float x, float y) = OnPart(ref rng, pose, radius);
            Dot(radiance, x, y, rng.Range(0.5f, 0.9f), rng.Unit() < 0.7f ? rng.Range(-0.30f, -0.10f) : rng.Range(0.10f, 0.25f));
        }
        for (int i = rng.Below(4); i > 0; i--)
        {
            (float x, float y) = OnPart(ref rng, pose, radius);
            float angle = rng.Range(0, 6.28f), bend = rng.Range(-0.004f, 0.004f), strength = rng.Range(-0.045f, 0.06f);
            for (int step = rng.Below(90) + 20; step > 0; step--)
            {
                Dot(radiance, x, y, 0.5f, strength);
                (float sin, float cos) = MathF.SinCos(angle += bend);
                (x, y) = (x + cos, y + sin);
            }
        }
    }

    private static (float X, float Y) OnPart(ref Rng rng, Pose pose, float radius)
    {
        float r = radius * MathF.Sqrt(rng.Unit());
        (float sin, float cos) = MathF.SinCos(rng.Range(0, 2 * MathF.PI));
        return (pose.X + r * cos, pose.Y + r * sin);
    }

    /// <summary>Multiplies by 1 + strength · Gauss(distance / sigma) within two pixels.</summary>
    private static void Dot(Mat radiance, float x, float y, float sigma, float strength)
    {
        int cx = (int)x, cy = (int)y;
        if (cx < 2 || cy < 2 || cx >= radiance.Cols - 2 || cy >= radiance.Rows - 2) return;
        float k = -0.5f / (sigma * sigma);
        for (int v = cy - 2; v <= cy + 2; v++)
        {
            Span<float> row = radiance.RowAs<float>(v);
            for (int u = cx - 2; u <= cx + 2; u++) row[u] *= 1 + strength * MathF.Exp(k * ((u - x) * (u - x) + (v - y) * (v - y)));
        }
    }
}
