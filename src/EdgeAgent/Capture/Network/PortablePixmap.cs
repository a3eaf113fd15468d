using System.Globalization;

namespace Edge.Agent.Capture.Network;

/// <summary>Netpbm's P6: a line of text with the size, then RGB, one byte a sample. The one raw format of ffmpeg that carries its size with each frame.</summary>
internal static class PortablePixmap
{
    private const int LongestField = 8;

    /// <exception cref="EndOfStreamException">There is no more.</exception>
    /// <exception cref="EdgeException">Something else than P6 with 255 levels.</exception>
    public static (int Width, int Height) ReadHeader(Stream stream)
    {
        if (Field(stream) != "P6") throw new EdgeException("The decoder's output is no P6.");
        int width = Number(stream), height = Number(stream);
        return Number(stream) == 255 && width is > 0 and <= ushort.MaxValue && height is > 0 and <= ushort.MaxValue
            ? (width, height)
            : throw new EdgeException("The decoder's output is no P6 of a size that is inspected.");
    }

    private static int Number(Stream stream) => int.TryParse(Field(stream), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : throw new EdgeException("The decoder's output is no P6.");

    private static string Field(Stream stream)
    {
        Span<char> text = stackalloc char[LongestField];
        for (int length = 0; length < LongestField; length++)
        {
            int c = stream.ReadByte();
            if (c < 0) throw new EndOfStreamException();
            if (c is ' ' or '\n' or '\t' or '\r') return new string(text[..length]);
            text[length] = (char)c;
        }
        throw new EdgeException("The decoder's output is no P6.");
    }
}
