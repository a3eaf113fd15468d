namespace Edge.Imaging;

/// <summary>Layout of one pixel. 16-bit samples are little-endian.</summary>
public enum PixelFormat
{
    Mono8 = 0,
    Mono16,
    Bgr24,
    Rgb24,
    Bgr48,
}

public static class PixelFormats
{
    public static int Channels(this PixelFormat format) => format is PixelFormat.Mono8 or PixelFormat.Mono16 ? 1 : 3;
    public static int BytesPerSample(this PixelFormat format) => format is PixelFormat.Mono16 or PixelFormat.Bgr48 ? 2 : 1;
    public static int BytesPerPixel(this PixelFormat format) => format.Channels() * format.BytesPerSample();
}
