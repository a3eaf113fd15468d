using Edge.Imaging;

namespace Edge.Agent.Capture;

/// <summary>
/// Tells a picture that equals the one before. A sensor's noise never repeats: equal pictures come from a camera, an encoder or a network device
/// that hangs. Every eighth row is compared and kept, which in a live picture ends at the first pixels.
/// </summary>
internal sealed class RepeatedFrames
{
    private const int Step = 8;

    private byte[] rows = [];
    private (int Width, int Height, PixelFormat Format) shape;

    /// <summary>True when the picture equals the one of the call before.</summary>
    public bool IsRepeat(ImageBuffer image)
    {
        int stride = image.Stride, count = (image.Height + Step - 1) / Step;
        bool same = shape == (image.Width, image.Height, image.Format);
        if (!same)
        {
            shape = (image.Width, image.Height, image.Format);
            if (rows.Length < count * stride) rows = new byte[count * stride];
        }
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> row = image.Pixels.Slice(i * Step * stride, stride);
            Span<byte> kept = rows.AsSpan(i * stride, stride);
            if (same && row.SequenceEqual(kept)) continue;
            same = false;
            row.CopyTo(kept);
        }
        return same;
    }
}
