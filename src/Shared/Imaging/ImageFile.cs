using OpenCvSharp;

namespace Edge.Imaging;

/// <summary>Pictures on disk.</summary>
public static class ImageFile
{
    private static readonly HashSet<string> Extensions =
        new(StringComparer.OrdinalIgnoreCase) { ".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm" };

    // OpenCV writes to stderr what our exceptions say better.
    static ImageFile() => Cv2.SetLogLevel(LogLevel.SILENT);

    /// <summary>True for the extensions that are read: .png .jpg .jpeg .bmp .tif .tiff .webp .pgm .ppm (any case).</summary>
    public static bool HasImageExtension(string path) => Extensions.Contains(Path.GetExtension(path));

    /// <summary>Decodes a file: EXIF orientation applied, alpha dropped, 8- or 16-bit kept, gray stays gray.</summary>
    /// <exception cref="EdgeException">Missing, truncated or not a picture; the message names the file.</exception>
    public static void Read(string path, ImageBuffer into)
    {
        byte[] encoded;
        try
        {
            encoded = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot read {path}: {e.Message}", e);
        }
        Decode(encoded, path, into);
    }

    /// <summary>As <see cref="Read"/>, from memory; <paramref name="name"/> is for the message.</summary>
    /// <exception cref="EdgeException">Truncated or not a picture; the message names it.</exception>
    public static void Decode(ReadOnlySpan<byte> encoded, string name, ImageBuffer into)
    {
        ArgumentNullException.ThrowIfNull(into);
        if (encoded.IsEmpty) throw new EdgeException($"{name} is empty.");
        // The decoders fill the missing part of a cut-off JPEG or PNG with gray and only warn: half a part must not be inspected.
        if (EncodedImage.WhyIncomplete(encoded) is { } why) throw new EdgeException($"{name} is damaged: {why}.");
        try
        {
            // AnyColor (not Unchanged) because Unchanged ignores the EXIF orientation; it drops alpha and keeps the stored colour.
            using Mat mat = Cv2.ImDecode(encoded, ImreadModes.AnyColor | ImreadModes.AnyDepth);
            if (mat.Empty()) throw new EdgeException($"{name} is not a picture that can be decoded (PNG, JPEG, BMP, TIFF, WebP, PGM, PPM).");
            Copy(mat, name, into);
        }
        catch (OpenCVException e)
        {
            throw new EdgeException($"{name} cannot be decoded: {e.Message}", e);
        }
    }

    /// <summary>Takes over an OpenCV picture of 1 or 3 channels (BGR), 8 or 16 bit.</summary>
    /// <exception cref="EdgeException">Another pixel type; the message names <paramref name="name"/>.</exception>
    public static void Copy(Mat mat, string name, ImageBuffer into)
    {
        ArgumentNullException.ThrowIfNull(mat);
        ArgumentNullException.ThrowIfNull(into);
        MatType type = mat.Type();
        PixelFormat format =
            type == MatType.CV_8UC1 ? PixelFormat.Mono8
            : type == MatType.CV_16UC1 ? PixelFormat.Mono16
            : type == MatType.CV_8UC3 ? PixelFormat.Bgr24
            : type == MatType.CV_16UC3 ? PixelFormat.Bgr48
            : throw new EdgeException($"{name} has pixels of type {type}; only 8- and 16-bit gray or colour is inspected.");
        int height = mat.Height;
        Span<byte> pixels = into.Reset(mat.Width, height, format);
        int stride = into.Stride;
        for (int y = 0; y < height; y++)
        {
            unsafe
            {
                new ReadOnlySpan<byte>((void*)mat.Ptr(y), stride).CopyTo(pixels.Slice(y * stride, stride));
            }
        }
    }

    /// <summary>Writes interleaved rows without padding as PNG: [H, W, 3] or [H, W], 8 or 16 bit.</summary>
    /// <exception cref="EdgeException">The file can't be written.</exception>
    public static void WritePng(string path, ReadOnlySpan<byte> pixels, int width, int height, PixelFormat format)
    {
        byte[] png = Encode(".png", pixels, width, height, format);
        try
        {
            File.WriteAllBytes(path, png);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write {path}: {e.Message}", e);
        }
    }

    /// <summary>An encoded picture as a JPEG whose longer side has at most <paramref name="side"/> pixels; for people.</summary>
    /// <exception cref="EdgeException">It can't be decoded; the message names <paramref name="name"/>.</exception>
    public static byte[] Shrink(ReadOnlySpan<byte> encoded, string name, int side)
    {
        using Mat mat = encoded.IsEmpty ? new Mat() : Cv2.ImDecode(encoded, ImreadModes.Color);
        if (mat.Empty()) throw new EdgeException($"{name} can't be decoded.");
        double scale = Math.Min(1, (double)side / Math.Max(mat.Width, mat.Height));
        using Mat small = mat.Resize(new Size(Math.Max(1, (int)(mat.Width * scale)), Math.Max(1, (int)(mat.Height * scale))), 0, 0, InterpolationFlags.Area);
        return Cv2.ImEncode(".jpg", small, out byte[] jpeg) ? jpeg : throw new EdgeException($"OpenCV could not encode {name}.");
    }

    /// <summary>Encodes a picture; <paramref name="extension"/> chooses the format (.png, .jpg).</summary>
    public static byte[] Encode(string extension, ReadOnlySpan<byte> pixels, int width, int height, PixelFormat format)
    {
        MatType type = format switch
        {
            PixelFormat.Mono8 => MatType.CV_8UC1,
            PixelFormat.Mono16 => MatType.CV_16UC1,
            PixelFormat.Bgr48 => MatType.CV_16UC3,
            _ => MatType.CV_8UC3,
        };
        if (pixels.Length != width * height * format.BytesPerPixel())
            throw new ArgumentException($"{width}×{height} {format} is not {pixels.Length} bytes", nameof(pixels));
        using Mat mat = new(height, width, type);
        unsafe
        {
            pixels.CopyTo(new Span<byte>((void*)mat.Data, pixels.Length));
        }
        if (format == PixelFormat.Rgb24) Cv2.CvtColor(mat, mat, ColorConversionCodes.RGB2BGR);
        return Cv2.ImEncode(extension, mat, out byte[] encoded)
            ? encoded
            : throw new EdgeException($"OpenCV could not encode a {width}×{height} picture as {extension}.");
    }
}
