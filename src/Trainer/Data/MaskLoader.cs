using Edge.Imaging;
using OpenCvSharp;

namespace Edge.Training.Data;

/// <summary>
/// Ground truth at the model's size. A sample of at least 128 (of 8 bit, in any channel) is anomalous. Reduced as nearest
/// neighbour does it: output pixel x takes the input pixel under its centre, floor((x + ½) · in / out); no interpolation, so a
/// mask never grows, and what is thinner than the step may vanish. What the model's own mask hides is normal. Not thread-safe.
/// </summary>
internal sealed class MaskLoader(InputSpec input)
{
    private readonly ImageBuffer buffer = new();
    private (int Width, int Height) hiddenIn;
    private IReadOnlyList<(int First, int Count)> hidden = [];
    private readonly byte[] mask = new byte[input.Width * input.Height];

    /// <summary>Reads the mask of an anomalous picture.</summary>
    /// <param name="labels">int32 [H, W], valid until the next call: 0 normal, 1..n the region; regions are 8-connected.</param>
    /// <param name="regions">Number of regions; 0 when the mask can't be used.</param>
    /// <returns>Why the mask can't be used, or null.</returns>
    public string? Read(LoadedPicture picture, Mat labels, out int regions)
    {
        regions = 0;
        string path = picture.Picture.MaskPath ?? throw new ArgumentException("The picture has no mask.", nameof(picture));
        try
        {
            ImageFile.Read(path, buffer);
        }
        catch (EdgeException e)
        {
            return e.Message.Replace(path, "the mask", StringComparison.Ordinal);
        }
        if ((buffer.Width, buffer.Height) != (picture.FrameWidth, picture.FrameHeight))
        {
            return $"the mask is {buffer.Width}×{buffer.Height}, its picture {picture.FrameWidth}×{picture.FrameHeight}";
        }
        if (Threshold() == 0) return AnyAnomalous() ? "no anomalous pixel of the mask is left at the model's size and region" : "the mask is empty";
        using Mat view = Mat.FromPixelData(input.Height, input.Width, MatType.CV_8UC1, mask);
        regions = Cv2.ConnectedComponents(view, labels, PixelConnectivity.Connectivity8, MatType.CV_32S) - 1;
        return null;
    }

    /// <summary>Fills <see cref="mask"/> with 0 or 255; returns the number of anomalous pixels.</summary>
    private int Threshold()
    {
        Roi roi = input.Roi ?? new Roi(0, 0, buffer.Width, buffer.Height);
        ReadOnlySpan<byte> pixels = buffer.Pixels;
        if (input.Mask is not null && hiddenIn != (buffer.Width, buffer.Height)) (hidden, hiddenIn) = (FrameMask.Hidden(input, buffer.Width, buffer.Height), (buffer.Width, buffer.Height));
        int stride = buffer.Stride, pixel = buffer.Format.BytesPerPixel();
        for (int y = 0, i = 0; y < input.Height; y++)
        {
            int row = (roi.Y + (int)((2L * y + 1) * roi.Height / (2L * input.Height))) * stride;
            for (int x = 0; x < input.Width; x++, i++)
            {
                int column = roi.X + (int)((2L * x + 1) * roi.Width / (2L * input.Width));
                bool anomalous = IsAnomalous(pixels.Slice(row + column * pixel, pixel));
                mask[i] = anomalous ? byte.MaxValue : (byte)0;
            }
        }
        foreach ((int first, int length) in hidden) mask.AsSpan(first, length).Clear();
        return mask.AsSpan().Count(byte.MaxValue);
    }

    private bool AnyAnomalous()
    {
        int pixel = buffer.Format.BytesPerPixel();
        for (ReadOnlySpan<byte> rest = buffer.Pixels; !rest.IsEmpty; rest = rest[pixel..])
        {
            if (IsAnomalous(rest[..pixel])) return true;
        }
        return false;
    }

    /// <summary>16-bit samples are little-endian: the second byte is the value of 8 bit.</summary>
    private bool IsAnomalous(ReadOnlySpan<byte> pixel)
    {
        int step = buffer.Format.BytesPerSample();
        for (int i = step - 1; i < pixel.Length; i += step)
        {
            if (pixel[i] >= 128) return true;
        }
        return false;
    }
}
