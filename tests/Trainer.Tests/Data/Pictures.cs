using Edge.Imaging;
using Edge.Training.Cli;

namespace Edge.Tests.Data;

/// <summary>Small real picture files, each value of <c>content</c> another content.</summary>
internal static class Pictures
{
    public static Terminal Quiet() => new(new StringWriter(), interactive: false, TimeProvider.System);

    public static string Write(string path, int content, int width = 24, int height = 16)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] pixels = new byte[width * height * 3];
        new Random(content).NextBytes(pixels);
        ImageFile.WritePng(path, pixels, width, height, PixelFormat.Rgb24);
        return path;
    }

    public static string WriteMask(string path, int width, int height, Func<int, int, bool> anomalous)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] pixels = new byte[width * height];
        for (int i = 0; i < pixels.Length; i++) pixels[i] = anomalous(i % width, i / width) ? byte.MaxValue : (byte)0;
        ImageFile.WritePng(path, pixels, width, height, PixelFormat.Mono8);
        return path;
    }
}
