using OpenCvSharp;

namespace Edge.Imaging;

/// <summary>A whole frame and the anomaly map of its inspected region, one over the other at a size for people.</summary>
public static class FrameMap
{
    /// <param name="frame">As the camera gave it.</param>
    /// <param name="spec">How it became the model's input.</param>
    /// <param name="map">float32 [H, W] of <paramref name="spec"/>'s size, raw.</param>
    /// <param name="side">Longer side, pixels; a smaller frame keeps its size.</param>
    /// <param name="outside">Map value where nothing was inspected.</param>
    /// <returns>uint8 [height, width, 3], RGB, and float32 [height, width].</returns>
    public static (byte[] Rgb, float[] Map, int Width, int Height) Of(ImageBuffer frame, InputSpec spec, ReadOnlySpan<float> map, int side, float outside)
    {
        ArgumentNullException.ThrowIfNull(frame);
        ArgumentNullException.ThrowIfNull(spec);
        double scale = Math.Min(1, (double)side / Math.Max(frame.Width, frame.Height));
        int width = Math.Max(1, (int)Math.Round(frame.Width * scale)), height = Math.Max(1, (int)Math.Round(frame.Height * scale));
        byte[] rgb = new byte[width * height * 3];
        new Preprocessor(spec.WithoutRegion() with { Width = width, Height = height, Tiles = null }).Apply(frame, rgb);

        Roi roi = spec.Roi ?? new Roi(0, 0, frame.Width, frame.Height);
        int left = Math.Clamp((int)Math.Round(roi.X * scale), 0, width - 1), top = Math.Clamp((int)Math.Round(roi.Y * scale), 0, height - 1);
        int columns = Math.Clamp((int)Math.Round(roi.Width * scale), 1, width - left), rows = Math.Clamp((int)Math.Round(roi.Height * scale), 1, height - top);
        float[] all = new float[width * height];
        Array.Fill(all, outside);
        using Mat small = new(spec.Height, spec.Width, MatType.CV_32FC1);
        unsafe
        {
            map.CopyTo(new Span<float>((void*)small.Data, map.Length));
        }
        using Mat large = small.Resize(new Size(columns, rows), 0, 0, InterpolationFlags.Linear);
        for (int y = 0; y < rows; y++)
        {
            unsafe
            {
                new ReadOnlySpan<float>((void*)large.Ptr(y), columns).CopyTo(all.AsSpan((top + y) * width + left, columns));
            }
        }
        return (rgb, all, width, height);
    }
}
