using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Edge.Imaging;
using OpenCvSharp;

namespace Edge.Agent.Capture.GenICam;

/// <summary>
/// A camera's pixels (codes of the GenICam Pixel Format Naming Convention 2.1) as an <see cref="ImageBuffer"/>. 10, 12 and 14 bit stay as
/// they are, in 16: the package's white level says what is white.
/// </summary>
internal static unsafe class CameraPixels
{
    private const uint Mono8 = 0x01080001, Mono10 = 0x01100003, Mono12 = 0x01100005, Mono14 = 0x01100025, Mono16 = 0x01100007,
        Mono10Packed = 0x010C0004, Mono12Packed = 0x010C0006, Mono10p = 0x010A0046, Mono12p = 0x010C0047,
        BayerGR8 = 0x01080008, BayerRG8 = 0x01080009, BayerGB8 = 0x0108000A, BayerBG8 = 0x0108000B, Rgb8 = 0x02180014, Bgr8 = 0x02180015;

    /// <param name="padding">Bytes after each row.</param>
    /// <returns>False when there are fewer bytes than the picture needs.</returns>
    /// <exception cref="EdgeException">A pixel format that is not read.</exception>
    public static bool Convert(uint format, ReadOnlySpan<byte> data, int width, int height, int padding, ImageBuffer into)
    {
        int bits = (int)(format >> 16) & 0xFF, pixels = width * height;
        PixelFormat stored = format switch
        {
            Mono8 => PixelFormat.Mono8,
            Mono10 or Mono12 or Mono14 or Mono16 or Mono10Packed or Mono12Packed or Mono10p or Mono12p => PixelFormat.Mono16,
            BayerGR8 or BayerRG8 or BayerGB8 or BayerBG8 or Bgr8 => PixelFormat.Bgr24,
            Rgb8 => PixelFormat.Rgb24,
            _ => throw new EdgeException($"The camera's pixel format 0x{format:X8} is not read; set Source:Aravis:PixelFormat to one of docs/configuration.md."),
        };
        if (width < 1 || height < 1) return false;
        if (padding != 0) throw new EdgeException($"The camera pads its rows by {padding} bytes, which is not read; set a Width that is a multiple of 8.");
        if (data.Length < ((long)pixels * bits + 7) / 8) return false;
        Span<byte> to = into.Reset(width, height, stored);
        Span<ushort> wide = MemoryMarshal.Cast<byte, ushort>(to);
        switch (format)
        {
            case Mono10Packed: UnpackPair(data, wide, low: 2); break;
            case Mono12Packed: UnpackPair(data, wide, low: 4); break;
            case Mono10p: Unpack10(data, wide); break;
            case Mono12p: Unpack12(data, wide); break;
            case BayerGR8 or BayerRG8 or BayerGB8 or BayerBG8: Demosaic(format, data, width, height, to); break;
            default: data[..to.Length].CopyTo(to); break;
        }
        return true;
    }

    /// <summary>GigE Vision's packing: two pixels in three bytes, high bits first, <paramref name="low"/> low bits of each in the middle byte's halves.</summary>
    private static void UnpackPair(ReadOnlySpan<byte> data, Span<ushort> to, int low)
    {
        int mask = (1 << low) - 1;
        for (int i = 0, b = 0; i < to.Length; i += 2, b += 3)
        {
            to[i] = (ushort)(data[b] << low | (data[b + 1] & mask));
            if (i + 1 < to.Length) to[i + 1] = (ushort)(data[b + 2] << low | (data[b + 1] >> 4 & mask));
        }
    }

    /// <summary>PFNC's packing: bits follow each other, least significant first; four pixels in five bytes.</summary>
    private static void Unpack10(ReadOnlySpan<byte> data, Span<ushort> to)
    {
        for (int i = 0; i < to.Length; i++)
        {
            int bit = 10 * i;   // 2^31 bits are 200 megapixels
            to[i] = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(data[(bit / 8)..]) >> bit % 8 & 0x3FF);
        }
    }

    /// <summary>As <see cref="Unpack10"/>; two pixels in three bytes.</summary>
    private static void Unpack12(ReadOnlySpan<byte> data, Span<ushort> to)
    {
        for (int i = 0, b = 0; i < to.Length; i += 2, b += 3)
        {
            to[i] = (ushort)(data[b] | (data[b + 1] & 0xF) << 8);
            if (i + 1 < to.Length) to[i + 1] = (ushort)(data[b + 1] >> 4 | data[b + 2] << 4);
        }
    }

    /// <summary>Bilinear, once; what follows sees colour. OpenCV names a pattern by its second row: its BG is PFNC's RG.</summary>
    private static void Demosaic(uint format, ReadOnlySpan<byte> data, int width, int height, Span<byte> to)
    {
        ColorConversionCodes code = format switch
        {
            BayerRG8 => ColorConversionCodes.BayerBG2BGR,
            BayerGR8 => ColorConversionCodes.BayerGB2BGR,
            BayerGB8 => ColorConversionCodes.BayerGR2BGR,
            _ => ColorConversionCodes.BayerRG2BGR,
        };
        fixed (byte* source = data, target = to)
        {
            using Mat mosaic = Mat.FromPixelData(height, width, MatType.CV_8UC1, (nint)source), color = Mat.FromPixelData(height, width, MatType.CV_8UC3, (nint)target);
            Cv2.CvtColor(mosaic, color, code);
        }
    }
}
