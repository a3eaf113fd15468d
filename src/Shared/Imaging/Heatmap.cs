using Edge.Scoring;
using OpenCvSharp;

namespace Edge.Imaging;

/// <summary>The picture people look at: the part in gray with the anomaly map blended over it. No verdict depends on it.</summary>
public static class Heatmap
{
    /// <summary>Opacity of the colour where the map is at or above the range's high end.</summary>
    public const double Opacity = 0.7;

    /// <summary>
    /// Overlay as JPEG. The colour map (inferno) grows in lightness with the value, so it reads the same for colour-blind
    /// people and in print; opacity grows with the value, so normal regions stay visible.
    /// </summary>
    /// <param name="rgb">uint8 [H, W, 3], RGB: what the model saw.</param>
    /// <param name="map">float32 [H, W], raw; values that are not finite are shown as the high end.</param>
    /// <param name="range">Map values shown as nothing and as full colour.</param>
    public static byte[] EncodeJpeg(ReadOnlySpan<byte> rgb, ReadOnlySpan<float> map, int width, int height, ValueRange range)
    {
        ArgumentNullException.ThrowIfNull(range);
        if (rgb.Length != width * height * 3) throw new ArgumentException($"{rgb.Length} bytes for {width}×{height} RGB", nameof(rgb));
        if (map.Length != width * height) throw new ArgumentException($"{map.Length} values for a {width}×{height} map", nameof(map));
        byte[] level = new byte[map.Length];
        float span = Math.Max(range.High - range.Low, float.Epsilon);
        for (int i = 0; i < map.Length; i++)
        {
            float value = (map[i] - range.Low) / span;
            level[i] = float.IsFinite(value) ? (byte)(Math.Clamp(value, 0, 1) * 255) : byte.MaxValue;
        }
        using Mat gray = Mat.FromPixelData(height, width, MatType.CV_8UC1, level);
        using Mat color = new();
        Cv2.ApplyColorMap(gray, color, ColormapTypes.Inferno);
        byte[] overlay = new byte[rgb.Length];
        unsafe
        {
            ReadOnlySpan<byte> bgr = new((void*)color.Data, rgb.Length);
            for (int i = 0; i < map.Length; i++)
            {
                double alpha = Opacity * level[i] / 255.0;
                // ITU-R BT.601 luma: the part in gray, so that colour always means the map.
                double luma = 0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2];
                for (int c = 0; c < 3; c++) overlay[3 * i + c] = (byte)(luma + alpha * (bgr[3 * i + c] - luma) + 0.5);
            }
        }
        return ImageFile.Encode(".jpg", overlay, width, height, PixelFormat.Bgr24);
    }
}
