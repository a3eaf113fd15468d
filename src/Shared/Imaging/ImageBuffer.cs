namespace Edge.Imaging;

/// <summary>
/// One picture in memory: rows of <see cref="Width"/> pixels without padding. Reusable: <see cref="Reset"/> keeps the
/// array when it is large enough, so a camera loop that owns one does not allocate per frame. Not thread-safe.
/// </summary>
public sealed class ImageBuffer
{
    private byte[] data = [];

    /// <summary>Columns, pixels.</summary>
    public int Width { get; private set; }

    /// <summary>Rows, pixels.</summary>
    public int Height { get; private set; }

    public PixelFormat Format { get; private set; }

    /// <summary>Bytes per row.</summary>
    public int Stride => Width * Format.BytesPerPixel();

    /// <summary>Height × Stride bytes, row-major, interleaved channels.</summary>
    public Span<byte> Pixels => data.AsSpan(0, Stride * Height);

    /// <summary>Gives the buffer a new shape; the pixels are whatever was there and must be written.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1 or above 65,535.</exception>
    public Span<byte> Reset(int width, int height, PixelFormat format)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, ushort.MaxValue);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(height, ushort.MaxValue);
        long bytes = (long)width * height * format.BytesPerPixel();
        if (bytes > Array.MaxLength) throw new ArgumentOutOfRangeException(nameof(height), $"{width}×{height} {format} needs {bytes} bytes");
        if (data.Length < bytes) data = GC.AllocateUninitializedArray<byte>((int)bytes, pinned: true);
        (Width, Height, Format) = (width, height, format);
        return Pixels;
    }
}
