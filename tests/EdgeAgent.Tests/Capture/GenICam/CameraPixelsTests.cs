using Edge.Agent.Capture.GenICam;
using Edge.Imaging;
using Xunit;

namespace Edge.Tests.Capture.GenICam;

/// <summary>Against pixels that are packed, and mosaics that are filled in, the slow way.</summary>
public sealed class CameraPixelsTests
{
    private const int Width = 13, Height = 7;   // odd: the last group of a packed format is not full
    private readonly ImageBuffer image = new();

    [Theory]
    [InlineData(0x010A0046, 10)]   // Mono10p
    [InlineData(0x010C0047, 12)]   // Mono12p
    public void Bits_in_sequence(uint format, int bits)
    {
        ushort[] pixels = Random(1 << bits);
        byte[] data = new byte[(pixels.Length * bits + 7) / 8];
        for (int i = 0; i < pixels.Length; i++)
            for (int b = 0; b < bits; b++)
                data[(i * bits + b) / 8] |= (byte)((pixels[i] >> b & 1) << (i * bits + b) % 8);
        AssertEqual(pixels, format, data);
    }

    [Theory]
    [InlineData(0x010C0004, 10)]   // Mono10Packed: GigE Vision 2.0, figure of GVSP_PIX_MONO10_PACKED
    [InlineData(0x010C0006, 12)]   // Mono12Packed
    public void Pairs_with_their_low_bits_between(uint format, int bits)
    {
        ushort[] pixels = Random(1 << bits);
        byte[] data = new byte[(pixels.Length * 12 + 7) / 8];
        for (int i = 0; i < pixels.Length; i++)
        {
            data[i / 2 * 3 + i % 2 * 2] = (byte)(pixels[i] >> bits - 8);
            data[i / 2 * 3 + 1] |= (byte)((pixels[i] & (1 << bits - 8) - 1) << i % 2 * 4);
        }
        AssertEqual(pixels, format, data);
    }

    [Theory]
    [InlineData(0x01100003, 10)]
    [InlineData(0x01100005, 12)]
    [InlineData(0x01100025, 14)]
    [InlineData(0x01100007, 16)]
    public void Sixteen_bits_stay_as_they_are(uint format, int bits)
    {
        ushort[] pixels = Random(1 << bits);
        byte[] data = new byte[2 * pixels.Length];
        Buffer.BlockCopy(pixels, 0, data, 0, data.Length);
        AssertEqual(pixels, format, data);
    }

    [Theory]
    [InlineData(0x01080009, 0, 0)]   // BayerRG8: red at even rows and columns
    [InlineData(0x01080008, 1, 0)]   // GR
    [InlineData(0x0108000A, 0, 1)]   // GB
    [InlineData(0x0108000B, 1, 1)]   // BG
    public void A_mosaic_is_filled_in_bilinearly(uint format, int redX, int redY)
    {
        const int width = 16, height = 12;
        byte[] data = new byte[width * height];
        new Random(5).NextBytes(data);
        Assert.True(CameraPixels.Convert(format, data, width, height, 0, image));
        Assert.Equal(PixelFormat.Bgr24, image.Format);
        for (int y = 1; y < height - 1; y++)
        {
            for (int x = 1; x < width - 1; x++)
            {
                for (int c = 0; c < 3; c++)   // B, G, R
                {
                    // Mean of the nearest samples of the colour in the 3 × 3 around; the sample itself where there is one.
                    List<int> near = [];
                    for (int dy = -1; dy <= 1; dy++)
                        for (int dx = -1; dx <= 1; dx++)
                            if (Color(x + dx, y + dy) == c && (c != 1 || Math.Abs(dx) + Math.Abs(dy) == 1)) near.Add(data[(y + dy) * width + x + dx]);
                    double expected = Color(x, y) == c ? data[y * width + x] : near.Average();
                    Assert.InRange(image.Pixels[(y * width + x) * 3 + c], expected - 1, expected + 1);
                }
            }
        }

        int Color(int x, int y) => x % 2 == redX && y % 2 == redY ? 2 : x % 2 != redX && y % 2 != redY ? 0 : 1;
    }

    [Fact]
    public void Too_few_bytes_are_no_picture_and_an_unknown_format_is_named()
    {
        Assert.False(CameraPixels.Convert(0x01080001, new byte[99], 10, 10, 0, image));
        Assert.Contains("0x02100032", Assert.Throws<EdgeException>(() => CameraPixels.Convert(0x02100032, new byte[200], 10, 10, 0, image)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 2, 0)]
    [InlineData(1, 5, 3)]
    [InlineData(65535, 1, 0)]
    [InlineData(65534, 2, 2)]
    [InlineData(30000, 1, 0)]      // the camera has started anew
    [InlineData(70000, 70002, 1)]
    public void Gaps_in_the_numbers_are_lost_frames(ulong last, ulong now, int missed) => Assert.Equal(missed, FrameNumbers.Missed(last, now));

    private static ushort[] Random(int below)
    {
        Random random = new(3);
        return [.. Enumerable.Range(0, Width * Height).Select(_ => (ushort)random.Next(below))];
    }

    private void AssertEqual(ushort[] pixels, uint format, byte[] data)
    {
        Assert.True(CameraPixels.Convert(format, data, Width, Height, 0, image));
        Assert.Equal(PixelFormat.Mono16, image.Format);
        Assert.Equal(pixels, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(image.Pixels).ToArray());
    }
}
