using Edge.Imaging;

namespace Edge.Tests.Support;

/// <summary>Evenly gray pictures: their brightness is the tiny model's score.</summary>
internal static class Pictures
{
    public static byte[] Rgb(int size, byte brightness)
    {
        byte[] rgb = new byte[size * size * 3];
        rgb.AsSpan().Fill(brightness);
        return rgb;
    }

    public static byte[] Png(byte brightness, int size = 64) => ImageFile.Encode(".png", Rgb(size, brightness), size, size, PixelFormat.Rgb24);

    /// <summary>Written beside, then renamed: complete from the first look.</summary>
    public static void Write(string file, byte brightness, int size = 64)
    {
        File.WriteAllBytes(file + ".part", Png(brightness, size));
        File.Move(file + ".part", file, overwrite: true);
    }

    public static ImageBuffer Buffer(byte brightness, int size = 64)
    {
        ImageBuffer image = new();
        Rgb(size, brightness).CopyTo(image.Reset(size, size, PixelFormat.Rgb24));
        return image;
    }
}
