namespace Edge.Synthetic;

/// <summary>
/// Two lights near the part: a ring around the camera and a bar at the upper left. Machined metal reflects them through Ward's
/// anisotropic lobe (Ward 1992, eq. 5a), narrow along the marks and wide across them, which is what draws the bright
/// bow tie on a turned face. Radiance is in grey levels of the finished picture.
/// </summary>
internal sealed class Lighting
{
    private const int RingLights = 16, BarLights = 7;
    private readonly (float X, float Y, float Z)[] ring = new (float, float, float)[RingLights], bar = new (float, float, float)[BarLights];
    private readonly float ringGain, barGain;

    public Lighting(float scale)
    {
        for (int i = 0; i < RingLights; i++)
        {
            (float sin, float cos) = MathF.SinCos((i + 0.5f) * 2 * MathF.PI / RingLights);
            ring[i] = (cos * 800 * scale, sin * 800 * scale, 1100 * scale);
        }
        for (int i = 0; i < BarLights; i++)
        {
            float along = (i / (BarLights - 1f) - 0.5f) * 620;
            bar[i] = ((-560 + 0.75f * along) * scale, (-480 - 0.66f * along) * scale, 1080 * scale);
        }
        // Exposure: the flange's face at its darkest and at the bow tie's brightest.
        SurfacePoint face = new() { MarkX = 0, MarkY = 1, Across = 0.30f, Along = 0.10f, Diffuse = 0.22f, Specular = 1, Open = 1 };
        ringGain = 84 / Sum(ring, face, 330 * scale, 0);
        (face.MarkX, face.MarkY) = (0.65f, -0.76f);
        barGain = 112 / Sum(bar, face, -250 * scale, -214 * scale);
    }

    /// <param name="p">Already with the slope of marks, engravings and dents.</param>
    public (float Ring, float Bar) Radiance(in SurfacePoint p, float x, float y) =>
        (Sum(ring, p, x, y) * ringGain, Sum(bar, p, x, y) * barGain);

    private static float Sum((float X, float Y, float Z)[] lights, in SurfacePoint p, float x, float y)
    {
        float nz = 1 / MathF.Sqrt(1 + p.SlopeX * p.SlopeX + p.SlopeY * p.SlopeY), nx = -p.SlopeX * nz, ny = -p.SlopeY * nz;
        // Tangent frame: t along the marks, in the tilted surface; b across them.
        float along = p.MarkX * nx + p.MarkY * ny;
        float tx = p.MarkX - along * nx, ty = p.MarkY - along * ny, tz = -along * nz;
        float length = 1 / MathF.Sqrt(tx * tx + ty * ty + tz * tz);
        (tx, ty, tz) = (tx * length, ty * length, tz * length);
        float bx = ny * tz - nz * ty, by = nz * tx - nx * tz, bz = nx * ty - ny * tx;
        float acrossSquare = 1 / (p.Across * p.Across), alongSquare = 1 / (p.Along * p.Along), norm = p.Specular * 0.03f / (p.Across * p.Along), sum = 0;
        foreach ((float X, float Y, float Z) light in lights)
        {
            float lx = light.X - x, ly = light.Y - y, lz = light.Z, distance = 1 / MathF.Sqrt(lx * lx + ly * ly + lz * lz);
            (lx, ly, lz) = (lx * distance, ly * distance, lz * distance);
            float incidence = lx * nx + ly * ny + lz * nz;
            if (incidence <= 0) continue;
            float hz = lz + 1;   // half vector, not normalised: the exponent only needs ratios. The camera looks straight down.
            float ht = lx * tx + ly * ty + hz * tz, hb = lx * bx + ly * by + hz * bz, hn = lx * nx + ly * ny + hz * nz;
            float exponent = (ht * ht * alongSquare + hb * hb * acrossSquare) / (hn * hn);
            sum += incidence * (p.Diffuse + norm * MathF.Exp(-exponent));
        }
        return sum * p.Open;
    }
}
