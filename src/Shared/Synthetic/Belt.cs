using OpenCvSharp;

namespace Edge.Synthetic;

/// <summary>The conveyor belt: dark rubber with a woven pattern, larger than the picture, so that each part lies on another piece of it.</summary>
internal sealed class Belt : IDisposable
{
    /// <summary>Units of <see cref="Texture"/> per grey level.</summary>
    public const float PerLevel = 4;

    private const int Slack = 192;

    public Belt(int width, int height, float scale)
    {
        Texture = new Mat(height + Slack, width + Slack, MatType.CV_8U);
        Parallel.For(0, Texture.Rows, y =>
        {
            Span<byte> row = Texture.RowAs<byte>(y);
            for (int x = 0; x < row.Length; x++)
            {
                float u = (x + y) / (9f * scale), v = (x - y) / (9f * scale);
                float weave = MathF.Sin(u) * MathF.Sin(v);
                float value = 23 + 4.5f * weave + 4 * Noise.Smooth(x * 0.35f, y * 0.35f, 31) + 5 * Noise.Fractal(x * 0.012f, y * 0.004f, 32);
                if (Noise.Hash(x / 3, y / 3, 33) > 0.9985f) value += 16;   // lint and chips too small to matter
                row[x] = (byte)Math.Clamp(value * PerLevel, 0, 255);
            }
        });
        // The belt lies behind the plane of focus.
        Cv2.GaussianBlur(Texture, Texture, new Size(0, 0), 1.5);
    }

    /// <summary>uint8.</summary>
    public Mat Texture { get; }

    public static (int X, int Y) Place(ref Rng rng) => (rng.Below(Slack), rng.Below(Slack));

    public void Dispose() => Texture.Dispose();
}
