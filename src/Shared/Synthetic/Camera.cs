using System.Numerics;
using Edge.Imaging;
using OpenCvSharp;

namespace Edge.Synthetic;

/// <summary>Where a part lies.</summary>
/// <param name="X">Centre in the picture, pixels.</param>
/// <param name="Angle">Radians.</param>
internal readonly record struct Pose(float X, float Y, float Angle);

/// <summary>
/// Takes the picture of a surface: pose, light, machining marks, dust, focus, colour, noise. All planes are kept between pictures.
/// </summary>
internal sealed class Camera(PartSurface surface, TurningMarks marks, Belt belt, SensorNoise noise) : IDisposable
{
    private readonly Size size = new(surface.Width, surface.Height);
    private readonly Mat warp = new(2, 3, MatType.CV_64F);
    private readonly Mat texels = new(), tint = new(), arcs = new(surface.Height, surface.Width, MatType.CV_8U);
    private readonly Mat radiance = new(surface.Height, surface.Width, MatType.CV_32F);
    private readonly LightField light = new(surface.Width, surface.Height);
    private readonly float[] behind = new float[surface.Width], tintedPart = new float[surface.Width];
    private readonly int[] index = new int[surface.Width + Vector<int>.Count - 1 & -Vector<int>.Count];   // whole vectors
    private readonly int[][] levels = [new int[surface.Width], new int[surface.Width], new int[surface.Width]];   // blue, green, red

    /// <param name="color">Blue, green and red of what tints the part; used where the surface has a tint.</param>
    public void Take(ref Rng rng, Pose pose, Vector3 color, ImageBuffer image)
    {
        (float sin, float cos) = MathF.SinCos(pose.Angle);
        Affine.Set(warp, cos, sin, pose.X, pose.Y, surface.CenterX, surface.CenterY);
        Warp(surface.Texels, texels, Texel.Outside);
        bool tinted = color != Vector3.One;
        if (tinted) Warp(surface.Tint, tint, default);
        light.Draw(ref rng);
        marks.Draw(ref rng, pose.X, pose.Y, arcs);
        float strength = rng.Range(0.8f, 1.2f);
        for (int y = 0; y < size.Height; y++) Illuminate(y, pose, strength);
        Dust.Settle(ref rng, radiance, pose, surface.Shape.OuterRadius);
        Cv2.GaussianBlur(radiance, radiance, new Size(5, 5), rng.Range(0.75f, 1.05f));
        Expose(ref rng, tinted, color, image);
    }

    /// <summary>The mask in the picture: 255 where at least half of a pixel is defective.</summary>
    public int TakeMask(Span<byte> mask)
    {
        Cv2.WarpAffine(surface.Mask, tint, warp, size, InterpolationFlags.Linear | InterpolationFlags.WarpInverseMap);
        int count = 0;
        for (int y = 0; y < size.Height; y++)
        {
            ReadOnlySpan<byte> from = tint.RowAs<byte>(y);
            if (from.IndexOfAnyExcept((byte)0) < 0)
            {
                if (!mask.IsEmpty) mask.Slice(y * size.Width, size.Width).Clear();
                continue;
            }
            for (int x = 0; x < size.Width; x++)
            {
                bool defective = from[x] >= 128;
                if (defective) count++;
                if (!mask.IsEmpty) mask[y * size.Width + x] = defective ? byte.MaxValue : (byte)0;
            }
        }
        return count;
    }

    private void Warp(Mat from, Mat to, Scalar border) => Cv2.WarpAffine(
        from, to, warp, size, InterpolationFlags.Linear | InterpolationFlags.WarpInverseMap, BorderTypes.Constant, border);

    /// <summary>radiance = ring · (1 + 0.05 m) + bar · (1 + 0.2 m), m the machining marks at this point.</summary>
    private void Illuminate(int y, Pose pose, float strength)
    {
        ReadOnlySpan<Texel> from = texels.RowAs<Texel>(y);
        ReadOnlySpan<float> ringLight = light.Ring.RowAs<float>(y), barLight = light.Bar.RowAs<float>(y);
        ReadOnlySpan<byte> arc = arcs.RowAs<byte>(y);
        ReadOnlySpan<float> profile = marks.Profile;
        Span<float> to = radiance.RowAs<float>(y);
        float dy = y - pose.Y, unit = strength / 255f;
        // Radius in table entries: a vector at a time; the lookup itself one by one.
        Vector<float> lanes = Vector.CreateSequence(0f, 1f);
        for (int x = 0; x < index.Length; x += Vector<int>.Count)
        {
            Vector<float> dx = lanes + new Vector<float>(x - pose.X);
            Vector<float> r = Vector.SquareRoot(dx * dx + new Vector<float>(dy * dy)) * TurningMarks.PerPixel;
            Vector.ConvertToInt32(Vector.Min(r, new Vector<float>(profile.Length - 1))).CopyTo(index.AsSpan(x));
        }
        for (int x = 0; x < to.Length; x++)
        {
            Texel texel = from[x];
            float m = (profile[index[x]] + (arc[x] - 128) * (1 / 40f)) * texel.Marks * unit;
            to[x] = texel.Ring * ringLight[x] * (1 + 0.05f * m) + texel.Bar * barLight[x] * (1 + 0.20f * m);
        }
    }

    private void Expose(ref Rng rng, bool tinted, Vector3 color, ImageBuffer image)
    {
        Span<byte> pixels = image.Reset(size.Width, size.Height, PixelFormat.Bgr24);
        (int beltX, int beltY) = Belt.Place(ref rng);
        // Colour cast of metal and of belt, blue, green, red.
        Vector3 metal = new(1.02f + 0.006f * rng.Normal(), 1, 0.985f + 0.006f * rng.Normal()), rubber = new(1.12f, 1.03f, 0.92f);
        for (int y = 0; y < size.Height; y++)
        {
            ReadOnlySpan<float> shared = noise.Row(ref rng);
            ReadOnlySpan<byte> beltRow = belt.Texture.RowAs<byte>(y + beltY).Slice(beltX, size.Width);
            ReadOnlySpan<Texel> from = texels.RowAs<Texel>(y);
            ReadOnlySpan<float> field = light.Ring.RowAs<float>(y), part = radiance.RowAs<float>(y);
            for (int x = 0; x < behind.Length; x++) behind[x] = from[x].Belt * beltRow[x] * field[x] * (1 / (255 * Belt.PerLevel));
            for (int channel = 0; channel < 3; channel++)
            {
                ReadOnlySpan<float> visible = part;
                if (tinted)
                {
                    ReadOnlySpan<byte> amount = tint.RowAs<byte>(y);
                    float absorbed = (1 - color[channel]) / 255;
                    for (int x = 0; x < tintedPart.Length; x++) tintedPart[x] = part[x] * (1 - absorbed * amount[x]);
                    visible = tintedPart;
                }
                SensorNoise.Expose(visible, metal[channel], behind, rubber[channel], shared, noise.Row(ref rng), levels[channel]);
            }
            int[] blue = levels[0], green = levels[1], red = levels[2];
            Span<byte> to = pixels.Slice(y * size.Width * 3, size.Width * 3);
            for (int x = 0, i = 0; x < blue.Length; x++, i += 3)
            {
                to[i] = (byte)blue[x];
                to[i + 1] = (byte)green[x];
                to[i + 2] = (byte)red[x];
            }
        }
    }

    public void Dispose()
    {
        foreach (Mat m in new[] { warp, texels, tint, arcs, radiance }) m.Dispose();
        light.Dispose();
    }
}
