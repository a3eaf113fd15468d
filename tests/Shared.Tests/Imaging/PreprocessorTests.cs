using System.Runtime.InteropServices;
using CsCheck;
using Edge.Imaging;
using Xunit;

namespace Edge.Tests.Imaging;

public sealed class PreprocessorTests
{
    [Theory]
    [InlineData(1280, 1024, 256, 256)]
    [InlineData(577, 769, 224, 320)]
    [InlineData(100, 900, 256, 256)]    // one axis enlarged, the other reduced
    [InlineData(64, 48, 256, 256)]
    [InlineData(256, 256, 256, 256)]
    [InlineData(8, 8, 8, 8)]
    public void Resizes_as_Pillow_does(int width, int height, int toWidth, int toHeight)
    {
        using TempFolder folder = new();
        ImageBuffer frame = Noise(width, height, PixelFormat.Bgr24, seed: width);
        ImageFile.WritePng(folder["in.png"], frame.Pixels, width, height, PixelFormat.Bgr24);
        byte[] ours = Apply(frame, new InputSpec { Width = toWidth, Height = toHeight });

        Python.Run("""
            import sys; from PIL import Image
            path, w, h, out = sys.argv[1:]
            open(out, 'wb').write(Image.open(path).convert('RGB').resize((int(w), int(h)), Image.BILINEAR).tobytes())
            """, "PIL", folder["in.png"], $"{toWidth}", $"{toHeight}", folder["out.raw"]);
        byte[] pillow = File.ReadAllBytes(folder["out.raw"]);

        Assert.Equal(pillow.Length, ours.Length);
        // Pillow rounds to 8 bit between its two passes; we don't.
        int worst = ours.Zip(pillow, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(worst <= 1, $"largest difference {worst}");
    }

    [Fact]
    public void Every_format_roi_and_size_equals_the_naive_sum() => Gen.Select(
        Gen.Int[1, 90], Gen.Int[1, 90], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Enum<PixelFormat>(), Gen.Int[0, 1000], Gen.Int[0, 2]).Sample(
        (width, height, toWidth, toHeight, format, seed, bits) =>
        {
            int white = bits switch { 0 => 1023, 1 => 4095, _ => 65535 };
            ImageBuffer frame = Noise(width, height, format, seed);
            Random random = new(seed);
            int x = random.Next(width), y = random.Next(height);
            Roi roi = new(x, y, random.Next(1, width - x + 1), random.Next(1, height - y + 1));
            byte[] ours = Apply(frame, new InputSpec { Width = toWidth, Height = toHeight, Roi = roi, WhiteLevel = white });
            byte[] naive = Naive(frame, roi, toWidth, toHeight, white);
            for (int i = 0; i < ours.Length; i++)
                Assert.True(Math.Abs(ours[i] - naive[i]) <= 1, $"byte {i}: {ours[i]}, naive {naive[i]}");
        }, iter: 300);

    [Fact]
    public void Gray_16_bit_uses_the_white_level_and_clips_above()
    {
        ImageBuffer frame = new();
        MemoryMarshal.AsBytes<ushort>([0, 2048, 5000]).CopyTo(frame.Reset(3, 1, PixelFormat.Mono16));
        Assert.Equal<byte>([0, 0, 0, 128, 128, 128, 255, 255, 255], Apply(frame, new InputSpec { Width = 3, Height = 1, WhiteLevel = 4095 }));
    }

    [Theory]
    [InlineData(PixelFormat.Bgr24)]
    [InlineData(PixelFormat.Rgb24)]
    public void Output_is_rgb(PixelFormat format)
    {
        ImageBuffer frame = new();
        ((ReadOnlySpan<byte>)[10, 20, 30]).CopyTo(frame.Reset(1, 1, format));
        byte[] expected = format == PixelFormat.Rgb24 ? [10, 20, 30] : [30, 20, 10];
        Assert.Equal(expected, Apply(frame, new InputSpec { Width = 1, Height = 1 }));
    }

    [Theory]
    [InlineData(0, 0, 101, 10)]
    [InlineData(-1, 0, 10, 10)]
    [InlineData(90, 0, int.MaxValue, 10)]
    [InlineData(0, 0, 0, 10)]
    public void A_roi_outside_the_frame_is_refused(int x, int y, int width, int height)
    {
        ImageBuffer frame = Noise(100, 100, PixelFormat.Mono8, 1);
        EdgeException e = Assert.Throws<EdgeException>(() => Apply(frame, new InputSpec { Width = 8, Height = 8, Roi = new Roi(x, y, width, height) }));
        Assert.Contains("100×100", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Does_not_allocate_per_frame()
    {
        ImageBuffer frame = Noise(320, 240, PixelFormat.Bgr24, 3);
        Preprocessor preprocessor = new(new InputSpec { Width = 64, Height = 64 });
        byte[] rgb = new byte[64 * 64 * 3];
        preprocessor.Apply(frame, rgb);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++) preprocessor.Apply(frame, rgb);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    internal static ImageBuffer Noise(int width, int height, PixelFormat format, int seed)
    {
        ImageBuffer image = new();
        new Random(seed).NextBytes(image.Reset(width, height, format));
        return image;
    }

    internal static byte[] Apply(ImageBuffer frame, InputSpec spec)
    {
        byte[] rgb = new byte[spec.Width * spec.Height * 3];
        new Preprocessor(spec).Apply(frame, rgb);
        return rgb;
    }

    /// <summary>Double precision, both axes at once, straight from the filter's definition.</summary>
    private static byte[] Naive(ImageBuffer frame, Roi roi, int toWidth, int toHeight, int white)
    {
        int channels = frame.Format.Channels(), size = frame.Format.BytesPerSample();
        byte[] rgb = new byte[toWidth * toHeight * 3];
        for (int v = 0; v < toHeight; v++)
            for (int u = 0; u < toWidth; u++)
                for (int c = 0; c < 3; c++)
                {
                    int channel = channels == 1 ? 0 : frame.Format == PixelFormat.Rgb24 ? c : 2 - c;
                    double sum = 0, weights = 0;
                    for (int y = 0; y < roi.Height; y++)
                    {
                        double wy = Weight(y, v, roi.Height, toHeight);
                        if (wy == 0) continue;
                        for (int x = 0; x < roi.Width; x++)
                        {
                            double w = wy * Weight(x, u, roi.Width, toWidth);
                            int at = (roi.Y + y) * frame.Stride + ((roi.X + x) * channels + channel) * size;
                            double sample = size == 1 ? frame.Pixels[at] : Math.Min(white, BitConverter.ToUInt16(frame.Pixels[at..])) * 255.0 / white;
                            sum += w * sample;
                            weights += w;
                        }
                    }
                    rgb[(v * toWidth + u) * 3 + c] = (byte)Math.Clamp(Math.Round(sum / weights), 0, 255);
                }
        return rgb;
    }

    internal static double Weight(int sample, int output, int inputs, int outputs)
    {
        double scale = (double)inputs / outputs, stretch = Math.Max(1, scale);
        return Math.Max(0, 1 - Math.Abs(sample + 0.5 - (output + 0.5) * scale) / stretch);
    }
}
