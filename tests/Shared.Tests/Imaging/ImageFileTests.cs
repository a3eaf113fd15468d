using Edge.Imaging;
using Xunit;

namespace Edge.Tests.Imaging;

public sealed class ImageFileTests
{
    /// <summary>Pictures written by Pillow, read by us, compared with Pillow's own reading.</summary>
    [Theory]
    [InlineData("Image.fromarray(rgb)", "png", PixelFormat.Bgr24)]
    [InlineData("Image.fromarray(rgb[:, :, 0])", "png", PixelFormat.Mono8)]
    [InlineData("Image.fromarray(np.dstack([rgb, rgb[:, :, 0]]))", "png", PixelFormat.Bgr24)]          // RGBA: the stored colour
    [InlineData("Image.fromarray(rgb[:, :, 0]).convert('LA')", "png", PixelFormat.Bgr24)]
    [InlineData("Image.fromarray(rgb).quantize(64)", "png", PixelFormat.Bgr24)]                        // palette
    [InlineData("Image.fromarray(rgb[:, :, 0]).convert('1')", "png", PixelFormat.Mono8)]
    [InlineData("Image.fromarray(rgb)", "bmp", PixelFormat.Bgr24)]
    [InlineData("Image.fromarray(rgb)", "tif", PixelFormat.Bgr24)]
    [InlineData("Image.fromarray(rgb)", "ppm", PixelFormat.Bgr24)]
    [InlineData("Image.fromarray(rgb[:, :, 0].astype(np.uint16) * 257)", "png", PixelFormat.Mono16)]
    [InlineData("Image.fromarray(rgb[:, :, 0].astype(np.uint16) * 257)", "tif", PixelFormat.Mono16)]
    public void Reads_what_Pillow_wrote(string make, string extension, PixelFormat format)
    {
        using TempFolder folder = new();
        Python.Run($$"""
            import sys; from PIL import Image; import numpy as np
            rgb = np.random.default_rng(5).integers(0, 256, (37, 53, 3), dtype=np.uint8)
            image = {{make}}
            image.save(sys.argv[1])
            back = Image.open(sys.argv[1])
            raw = np.asarray(back).astype('<u2').tobytes() if back.mode.startswith('I') else back.convert('L' if {{(format == PixelFormat.Bgr24 ? "False" : "True")}} else 'RGB').tobytes()
            open(sys.argv[2], 'wb').write(raw)
            """, "PIL numpy", folder["a." + extension], folder["a.raw"]);
        ImageBuffer image = new();
        ImageFile.Read(folder["a." + extension], image);
        Assert.Equal((53, 37, format), (image.Width, image.Height, image.Format));
        byte[] expected = File.ReadAllBytes(folder["a.raw"]);
        if (format == PixelFormat.Bgr24)
            for (int i = 0; i < expected.Length; i += 3) (expected[i], expected[i + 2]) = (expected[i + 2], expected[i]);
        Assert.Equal(expected, image.Pixels.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(8)]
    public void Exif_orientation_is_applied(int orientation)
    {
        using TempFolder folder = new();
        Python.Run("""
            import sys; from PIL import Image, ImageOps; import numpy as np
            ramp = np.repeat(np.repeat(np.arange(6, dtype=np.uint8).reshape(2, 3) * 40, 16, 0), 16, 1)
            exif = Image.Exif(); exif[0x0112] = int(sys.argv[3])
            Image.fromarray(ramp).save(sys.argv[1], quality=100, exif=exif)
            upright = ImageOps.exif_transpose(Image.open(sys.argv[1]))
            open(sys.argv[2], 'wb').write(bytes([upright.width, upright.height]) + upright.tobytes())
            """, "PIL numpy", folder["a.jpg"], folder["a.raw"], $"{orientation}");
        byte[] expected = File.ReadAllBytes(folder["a.raw"]);
        ImageBuffer image = new();
        ImageFile.Read(folder["a.jpg"], image);
        Assert.Equal((expected[0], expected[1]), (image.Width, image.Height));
        int worst = image.Pixels.ToArray().Zip(expected.Skip(2), (a, b) => Math.Abs(a - b)).Max();
        Assert.True(worst <= 2, $"largest difference {worst}");   // two JPEG decoders
    }

    [Theory]
    [InlineData(".jpg")]
    [InlineData(".png")]
    [InlineData(".bmp")]
    [InlineData(".tif")]
    [InlineData(".webp")]
    [InlineData(".ppm")]
    public void A_file_cut_anywhere_is_refused_by_name(string extension)
    {
        using TempFolder folder = new();
        ImageBuffer noise = PreprocessorTests.Noise(120, 90, PixelFormat.Bgr24, 1);
        byte[] whole = ImageFile.Encode(extension, noise.Pixels, 120, 90, PixelFormat.Bgr24);
        ImageFile.Decode(whole, "whole", new ImageBuffer());
        for (int keep = 0; keep < whole.Length - 12; keep += Math.Max(1, whole.Length / 97))
        {
            string path = folder["part" + extension];
            File.WriteAllBytes(path, whole.AsSpan(0, keep));
            EdgeException e = Assert.Throws<EdgeException>(() => ImageFile.Read(path, new ImageBuffer()));
            Assert.Contains("part" + extension, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Noise_and_text_are_not_pictures()
    {
        byte[] noise = new byte[5000];
        new Random(1).NextBytes(noise);
        Assert.Throws<EdgeException>(() => ImageFile.Decode(noise, "noise", new ImageBuffer()));
        Assert.Throws<EdgeException>(() => ImageFile.Decode("<html>"u8, "text", new ImageBuffer()));
        Assert.Throws<EdgeException>(() => ImageFile.Read("/nowhere/at/all.png", new ImageBuffer()));
    }

    [Fact]
    public void Random_damage_never_crashes()
    {
        ImageBuffer noise = PreprocessorTests.Noise(64, 48, PixelFormat.Bgr24, 2);
        Random random = new(7);
        foreach (string extension in (string[])[".jpg", ".png", ".bmp", ".tif", ".webp"])
        {
            byte[] whole = ImageFile.Encode(extension, noise.Pixels, 64, 48, PixelFormat.Bgr24);
            for (int i = 0; i < 60; i++)
            {
                byte[] damaged = (byte[])whole.Clone();
                for (int k = 0; k < 8; k++) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
                Exception? e = Record.Exception(() => ImageFile.Decode(damaged, "damaged", new ImageBuffer()));
                Assert.True(e is null or EdgeException, $"{extension}: {e}");
            }
        }
    }
}
