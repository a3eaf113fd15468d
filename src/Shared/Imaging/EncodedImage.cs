using System.Buffers.Binary;

namespace Edge.Imaging;

/// <summary>Walks the structure of an encoded picture to tell a whole file from one that was cut off.</summary>
internal static class EncodedImage
{
    /// <summary>Null when complete or of a format whose decoder refuses incomplete files by itself; else what is missing.</summary>
    public static string? WhyIncomplete(ReadOnlySpan<byte> file) =>
        file.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? WhyJpegIncomplete(file)
        : file.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) ? WhyPngIncomplete(file)
        : null;

    // ITU-T T.81 annex B: marker segments up to SOS, then entropy-coded data in which FF is followed by 00 or RSTn, up to EOI.
    private static string? WhyJpegIncomplete(ReadOnlySpan<byte> file)
    {
        for (int at = 2; ;)
        {
            int next = file[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= file.Length) return "the JPEG data ends before its end marker";
            at += next + 1;
            byte marker = file[at];
            if (marker is 0xFF) continue;               // fill byte
            at++;
            if (marker is 0xD9) return null;            // EOI
            if (marker is 0x00 or (>= 0xD0 and <= 0xD8) or 0x01) continue;
            if (at + 2 > file.Length) return "the JPEG data ends inside a segment header";
            int length = BinaryPrimitives.ReadUInt16BigEndian(file[at..]);
            if (length < 2) return "a JPEG segment has an impossible length";
            at += length;
            if (at >= file.Length) return "the JPEG data ends inside a segment";
        }
    }

    // ISO/IEC 15948: length, type, data, CRC; the last chunk is IEND.
    private static string? WhyPngIncomplete(ReadOnlySpan<byte> file)
    {
        for (long at = 8; at + 12 <= file.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file[(int)at..]);
            if (file.Slice((int)at + 4, 4).SequenceEqual("IEND"u8)) return null;
            at += 12L + length;
        }
        return "the PNG data ends before its last chunk";
    }
}
