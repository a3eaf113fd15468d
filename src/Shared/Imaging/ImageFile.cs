namespace Edge.Imaging;

/// <summary>Pictures on disk.</summary>
public static class ImageFile
{
    /// <summary>True for the extensions that are read: .png .jpg .jpeg .bmp .tif .tiff .webp .pgm .ppm (any case).</summary>
    public static bool HasImageExtension(string path) => throw new NotImplementedException();

    /// <summary>Decodes a file: EXIF orientation applied, alpha dropped, 8- or 16-bit kept, gray stays gray.</summary>
    /// <exception cref="EdgeException">Missing, truncated or not a picture; the message names the file.</exception>
    public static void Read(string path, ImageBuffer into) => throw new NotImplementedException();

    /// <summary>As <see cref="Read"/>, from memory; <paramref name="name"/> is for the message.</summary>
    public static void Decode(ReadOnlySpan<byte> encoded, string name, ImageBuffer into) => throw new NotImplementedException();

    /// <summary>Writes [H, W, 3] RGB or [H, W] gray as PNG.</summary>
    public static void WritePng(string path, ReadOnlySpan<byte> pixels, int width, int height, PixelFormat format) => throw new NotImplementedException();
}
