using System.Runtime.InteropServices;
using Edge.Agent.Configuration;
using Edge.Imaging;

namespace Edge.Agent.Capture;

/// <summary>
/// Says in which frame a part has come: mean |frame − empty scene| over a region, with hysteresis. Gray is the mean of the channels, looked
/// at on a grid of at most 128 × 128 pixels. One thread.
/// </summary>
internal sealed class PresenceDetector(PresenceOptions options)
{
    private const int Grid = 128;

    private readonly ImageBuffer empty = Read(options.Empty!);
    private readonly Roi? region = RecipeOptions.ParseRoi(options.Region);
    private bool present;
    private int frames;
    private double difference;

    /// <summary>Of the last frame; readable from any thread.</summary>
    public double Difference => Volatile.Read(ref difference);

    /// <summary>True once for each part.</summary>
    /// <exception cref="EdgeException">The frame has another size than the picture of the empty scene, or does not hold the region.</exception>
    public bool Comes(ImageBuffer frame)
    {
        double now = Measure(frame);
        Volatile.Write(ref difference, now);
        if (!present && now >= options.EnterAt) (present, frames) = (true, 0);
        else if (present && now < options.LeaveAt) present = false;
        return present && ++frames == options.Frames;
    }

    private double Measure(ImageBuffer frame)
    {
        if ((frame.Width, frame.Height) != (empty.Width, empty.Height))
            throw new EdgeException($"The picture of the empty scene {options.Empty} is {empty.Width}×{empty.Height}, the frame {frame.Width}×{frame.Height}: take it with this camera.");
        (int left, int top, int width, int height) = region is { } r ? (r.X, r.Y, r.Width, r.Height) : (0, 0, frame.Width, frame.Height);
        if (left + width > frame.Width || top + height > frame.Height) throw new EdgeException($"Trigger:Presence:Region {options.Region} does not lie inside the {frame.Width}×{frame.Height} frame.");
        int stepX = (width + Grid - 1) / Grid, stepY = (height + Grid - 1) / Grid, count = 0;
        double sum = 0;
        for (int y = top; y < top + height; y += stepY)
            for (int x = left; x < left + width; x += stepX, count++) sum += Math.Abs(Gray(frame, x, y) - Gray(empty, x, y));
        return sum / count;
    }

    /// <summary>0 to 255.</summary>
    private static double Gray(ImageBuffer image, int x, int y)
    {
        int channels = image.Format.Channels(), bytes = image.Format.BytesPerPixel();
        ReadOnlySpan<byte> pixel = image.Pixels.Slice(y * image.Stride + x * bytes, bytes);
        double sum = 0;
        if (bytes == channels) foreach (byte sample in pixel) sum += sample;
        else foreach (ushort sample in MemoryMarshal.Cast<byte, ushort>(pixel)) sum += sample / 257.0;
        return sum / channels;
    }

    private static ImageBuffer Read(string file)
    {
        ImageBuffer image = new();
        ImageFile.Read(file, image);
        return image;
    }
}
