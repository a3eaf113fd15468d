using Edge.Imaging;
using Edge.Scoring;
using Edge.Training.Data;
using OpenCvSharp;

namespace Edge.Training.Reports;

/// <summary>
/// Small JPEGs of a picture and of its heatmap, in the proportions of the camera's frame: a few KiB each, so that thousands fit into one
/// page. The contour is that of the pixel threshold. Not thread-safe.
/// </summary>
internal sealed class Thumbnails(InputSpec input, ValueRange range, float? contour = null) : IDisposable
{
    /// <summary>Pixels of the longer side.</summary>
    public const int Side = 96;

    private const int JpegQuality = 70;
    private static readonly int[] Quality = [(int)ImwriteFlags.JpegQuality, JpegQuality];
    private readonly Heatmap heatmap = new(JpegQuality);
    private readonly Mat small = new(), bgr = new();

    /// <param name="map">float32 [H, W] at the model's size.</param>
    public (byte[] Picture, byte[] Heatmap) Encode(LoadedPicture picture, ReadOnlySpan<float> map)
    {
        (double width, double height) = input.Roi is { } roi ? (roi.Width, roi.Height) : (picture.FrameWidth, picture.FrameHeight);
        double scale = Side / Math.Max(width, height);
        Size size = new(Math.Max(16, (int)Math.Round(width * scale)), Math.Max(16, (int)Math.Round(height * scale)));
        using Mat rgb = Mat.FromPixelData(input.Height, input.Width, MatType.CV_8UC3, picture.Rgb);
        Cv2.Resize(rgb, small, size, interpolation: InterpolationFlags.Area);
        Cv2.CvtColor(small, bgr, ColorConversionCodes.RGB2BGR);
        if (!Cv2.ImEncode(".jpg", bgr, out byte[] jpeg, Quality)) throw new EdgeException($"A {size.Width}×{size.Height} thumbnail can't be encoded.");
        return (jpeg, heatmap.EncodeJpeg(small.AsSpan<byte>(), Largest(map, input.Width, input.Height, size.Width, size.Height), size.Width, size.Height, range, contour));
    }

    /// <summary>Each small pixel takes the largest value it covers: averaging would hide a defect of a few pixels.</summary>
    internal static float[] Largest(ReadOnlySpan<float> map, int width, int height, int smallWidth, int smallHeight)
    {
        float[] largest = new float[smallWidth * smallHeight];
        for (int y = 0, i = 0; y < smallHeight; y++)
        {
            int top = y * height / smallHeight, bottom = Math.Max(top + 1, ((y + 1) * height + smallHeight - 1) / smallHeight);
            for (int x = 0; x < smallWidth; x++, i++)
            {
                int left = x * width / smallWidth, right = Math.Max(left + 1, ((x + 1) * width + smallWidth - 1) / smallWidth);
                float most = float.NegativeInfinity;
                for (int row = top; row < bottom; row++)
                {
                    foreach (float value in map[(row * width + left)..(row * width + right)]) most = MathF.Max(most, value);   // keeps a NaN
                }
                largest[i] = most;
            }
        }
        return largest;
    }

    public void Dispose()
    {
        heatmap.Dispose();
        small.Dispose();
        bgr.Dispose();
    }
}
