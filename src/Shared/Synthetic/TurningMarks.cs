using OpenCvSharp;

namespace Edge.Synthetic;

/// <summary>
/// The tool's marks, another pattern on every part: a profile over the radius (the feed, with chatter and random grooves) and arcs
/// of limited length (a texture turned by any angle, as the angle between turning and drilling is by chance).
/// </summary>
internal sealed class TurningMarks : IDisposable
{
    /// <summary>Entries of <see cref="Profile"/> per pixel of radius.</summary>
    public const int PerPixel = 4;

    private const int Angles = 2048;
    private readonly float scale;
    private readonly Mat warp = new(2, 3, MatType.CV_64F);

    public TurningMarks(float scale, float outerRadius)
    {
        this.scale = scale;
        int reach = (int)outerRadius + 8;
        Profile = new float[reach * PerPixel];
        Arcs = new Mat(2 * reach, 2 * reach, MatType.CV_8U);
        sbyte[] polar = Polar(2 * reach);
        Parallel.For(0, 2 * reach, y =>
        {
            Span<byte> row = Arcs.RowAs<byte>(y);
            for (int x = 0; x < row.Length; x++)
            {
                float dx = x + 0.5f - reach, dy = y + 0.5f - reach, r = MathF.Min(MathF.Sqrt(dx * dx + dy * dy) * 2, 2 * reach - 2);
                float angle = (MathF.Atan2(dy, dx) / (2 * MathF.PI) + 0.5f) * Angles;
                int a = (int)angle, b = (a + 1) % Angles, i = (int)r;
                float t = angle - a, u = r - i;
                a %= Angles;
                float inner = Noise.Lerp(polar[i * Angles + a], polar[i * Angles + b], t), outer = Noise.Lerp(polar[(i + 1) * Angles + a], polar[(i + 1) * Angles + b], t);
                row[x] = (byte)(128 + Noise.Lerp(inner, outer, u));
            }
        });
    }

    /// <summary>uint8, the part's centre in the middle: 128 + 40 per standard deviation.</summary>
    public Mat Arcs { get; }

    /// <summary>Of the part drawn last: mean 0, deviation about 1.</summary>
    public float[] Profile { get; }

    /// <summary>Another part's marks: fills <see cref="Profile"/> and the picture-sized <paramref name="arcs"/>, centred at (x, y).</summary>
    public void Draw(ref Rng rng, float x, float y, Mat arcs)
    {
        float period = rng.Range(3.3f, 3.9f) * scale, phase = rng.Range(0, 6.28f), chatter = rng.Range(16, 30) * scale, slow = rng.Range(0, 1000);
        float previous = 0;
        for (int i = 0; i < Profile.Length; i++)
        {
            float r = (float)i / PerPixel;
            phase += 2 * MathF.PI / (period * PerPixel) * (1 + 0.10f * Noise.Smooth(r * 0.08f, slow, 5));
            float feed = MathF.Sin(phase) * (0.7f + 0.5f * Noise.Smooth(r * 0.05f, slow, 6));
            previous += 0.35f * (rng.Range(-3.2f, 3.2f) - previous);
            Profile[i] = 0.55f * feed + 0.55f * previous + 0.35f * MathF.Sin(r / chatter * 6.28f) * Noise.Smooth(r * 0.02f, slow, 7);
        }
        (float sin, float cos) = MathF.SinCos(rng.Range(0, 2 * MathF.PI));
        float center = Arcs.Cols / 2f - 0.5f;
        Affine.Set(warp, cos, sin, x, y, center, center);
        Cv2.WarpAffine(Arcs, arcs, warp, arcs.Size(), InterpolationFlags.Linear | InterpolationFlags.WarpInverseMap, BorderTypes.Constant, Scalar.All(128));
    }

    /// <summary>int8 [radius, angle]: white across, smooth along, in two lengths of arc.</summary>
    private static sbyte[] Polar(int radii)
    {
        sbyte[] polar = new sbyte[radii * Angles];
        Parallel.For(0, radii, row =>
        {
            for (int a = 0; a < Angles; a++)
            {
                float arc = 0.75f * Around(a, 24, row * 0.8f) + 0.75f * Around(a, 160, row * 0.9f) + 0.3f * Around(a, 640, row * 1.3f);
                polar[row * Angles + a] = (sbyte)Math.Clamp(arc * 70, -110, 110);
            }
        });
        return polar;

        // Blended with its own continuation, so that the circle closes.
        static float Around(int a, int cells, float row)
        {
            float x = (float)a / Angles * cells, t = (float)a / Angles;
            return Noise.Lerp(Noise.Smooth(x, row, 22), Noise.Smooth(x - cells, row, 22), t);
        }
    }

    public void Dispose()
    {
        Arcs.Dispose();
        warp.Dispose();
    }
}
