using Edge.Scoring;
using OpenCvSharp;

namespace Edge.Imaging;

/// <summary>
/// Draws the picture people look at: the part in gray with the anomaly map blended over it. No verdict depends on it. Keeps its
/// buffers from picture to picture; not thread-safe, one per drawing loop.
/// </summary>
/// <param name="jpegQuality">1 to 100.</param>
public sealed class Heatmap(int jpegQuality = 90) : IDisposable
{
    /// <summary>Opacity of the colour where the map is at or above the range's high end.</summary>
    public const double Opacity = 0.7;

    /// <summary>
    /// For each of 256 levels: what is left of the gray (of 256), then what the colour adds to B, G and R (of 65,280). The colour
    /// map (inferno) grows in lightness with the value, so it reads the same for colour-blind people and in print; opacity
    /// grows with the value, so normal regions stay visible.
    /// </summary>
    private static readonly int[] Blend = MakeBlend();

    private readonly int[] quality = [(int)ImwriteFlags.JpegQuality, jpegQuality];
    private readonly Mat overlay = new(), annotated = new();

    /// <summary>The overlay's colour at a level of the range (255 = high end) over a gray: what a colour bar shows.</summary>
    public static (byte R, byte G, byte B) ColorOf(byte level, byte gray)
    {
        int at = 4 * level, kept = gray * Blend[at];
        return ((byte)((kept + Blend[at + 3]) >> 8), (byte)((kept + Blend[at + 2]) >> 8), (byte)((kept + Blend[at + 1]) >> 8));
    }

    /// <summary>Overlay as JPEG.</summary>
    /// <param name="rgb">uint8 [H, W, 3], RGB: what the model saw.</param>
    /// <param name="map">float32 [H, W], raw; values that are not finite are shown as the high end.</param>
    /// <param name="range">Map values shown as nothing and as full colour.</param>
    /// <param name="contour">Raw map value whose contour is drawn, white inside and black outside: legible on any ground; null = none.</param>
    public byte[] EncodeJpeg(ReadOnlySpan<byte> rgb, ReadOnlySpan<float> map, int width, int height, ValueRange range, float? contour = null)
    {
        Draw(rgb, map, width, height, range, contour);
        return Encode(overlay);
    }

    /// <summary>As <see cref="EncodeJpeg"/>, with a colour bar in raw map values below; pictures narrower than 96 pixels get none.</summary>
    public byte[] EncodeAnnotatedJpeg(ReadOnlySpan<byte> rgb, ReadOnlySpan<float> map, int width, int height, ValueRange range, float? contour = null)
    {
        Draw(rgb, map, width, height, range, contour);
        if (width < ColorBar.LeastWidth) return Encode(overlay);
        Cv2.CopyMakeBorder(overlay, annotated, 0, ColorBar.Height, 0, 0, BorderTypes.Constant, Scalar.All(24));
        ColorBar.Draw(annotated, height, range, contour);
        return Encode(annotated);
    }

    private void Draw(ReadOnlySpan<byte> rgb, ReadOnlySpan<float> map, int width, int height, ValueRange range, float? contour)
    {
        ArgumentNullException.ThrowIfNull(range);
        if (rgb.Length != width * height * 3) throw new ArgumentException($"{rgb.Length} bytes for {width}×{height} RGB", nameof(rgb));
        if (map.Length != width * height) throw new ArgumentException($"{map.Length} values for a {width}×{height} map", nameof(map));
        overlay.Create(height, width, MatType.CV_8UC3);
        float gain = byte.MaxValue / Math.Max(range.High - range.Low, 1e-12f);
        unsafe
        {
            Span<byte> bgr = new((void*)overlay.Data, rgb.Length);
            for (int i = 0; i < map.Length; i++)
            {
                float value = (map[i] - range.Low) * gain;
                int level = 4 * (float.IsFinite(value) ? (int)Math.Clamp(value, 0, byte.MaxValue) : byte.MaxValue);
                // ITU-R BT.601 luma, weights of 256: the part in gray, so that colour always means the map.
                int luma = 77 * rgb[3 * i] + 150 * rgb[3 * i + 1] + 29 * rgb[3 * i + 2], gray = (luma * Blend[level]) >> 8;
                bgr[3 * i] = (byte)((gray + Blend[level + 1]) >> 8);
                bgr[3 * i + 1] = (byte)((gray + Blend[level + 2]) >> 8);
                bgr[3 * i + 2] = (byte)((gray + Blend[level + 3]) >> 8);
            }
            if (contour is { } raw) DrawContour(bgr, map, width, height, raw);
        }
    }

    /// <summary>Pixels beside one on the other side of the value. What is no number is inside, as no verdict would accept it.</summary>
    private static void DrawContour(Span<byte> bgr, ReadOnlySpan<float> map, int width, int height, float contour)
    {
        for (int y = 0, i = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++, i++)
            {
                bool inside = !(map[i] < contour);
                if ((x > 0 && !(map[i - 1] < contour) != inside) || (x + 1 < width && !(map[i + 1] < contour) != inside)
                    || (y > 0 && !(map[i - width] < contour) != inside) || (y + 1 < height && !(map[i + width] < contour) != inside))
                {
                    bgr.Slice(3 * i, 3).Fill(inside ? byte.MaxValue : byte.MinValue);
                }
            }
        }
    }

    private byte[] Encode(Mat picture) =>
        Cv2.ImEncode(".jpg", picture, out byte[] jpeg, quality) ? jpeg : throw new EdgeException($"OpenCV could not encode a {picture.Width}×{picture.Height} heatmap.");

    private static int[] MakeBlend()
    {
        using Mat ramp = new(1, 256, MatType.CV_8UC1), colors = new();
        for (int level = 0; level < 256; level++) ramp.Set(0, level, (byte)level);
        Cv2.ApplyColorMap(ramp, colors, ColormapTypes.Inferno);
        int[] blend = new int[4 * 256];
        for (int level = 0; level < 256; level++)
        {
            double alpha = Opacity * level / 255;
            Vec3b color = colors.At<Vec3b>(0, level);
            blend[4 * level] = (int)Math.Round(256 * (1 - alpha));
            // Rounded down, so that gray and colour together never pass 255.
            for (int c = 0; c < 3; c++) blend[4 * level + 1 + c] = (int)(256 * alpha * color[c]);
        }
        return blend;
    }

    public void Dispose()
    {
        overlay.Dispose();
        annotated.Dispose();
    }
}
