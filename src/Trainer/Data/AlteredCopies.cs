using Edge.Imaging;

namespace Edge.Training.Data;

/// <summary>
/// The same part a little elsewhere and in a little other light: four pixels to each side (edges repeated), 5 % brighter and darker. All
/// that can be known of a part's variation from one picture; parts differ in more than that.
/// </summary>
internal static class AlteredCopies
{
    private const int Shift = 4;          // pixels of the model's input
    private const double Gain = 0.05;

    public static IEnumerable<LoadedPicture> Of(LoadedPicture picture, InputSpec input)
    {
        foreach ((int x, int y) in ((int, int)[])[(Shift, 0), (-Shift, 0), (0, Shift), (0, -Shift)]) yield return picture with { Rgb = Shifted(picture.Rgb, input, x, y) };
        foreach (double gain in (double[])[1 - Gain, 1 + Gain]) yield return picture with { Rgb = [.. picture.Rgb.Select(v => (byte)Math.Min(Math.Round(v * gain), byte.MaxValue))] };
    }

    private static byte[] Shifted(byte[] rgb, InputSpec input, int dx, int dy)
    {
        byte[] shifted = new byte[rgb.Length];
        for (int y = 0; y < input.Height; y++)
        {
            int from = Math.Clamp(y - dy, 0, input.Height - 1) * input.Width;
            for (int x = 0; x < input.Width; x++)
                rgb.AsSpan((from + Math.Clamp(x - dx, 0, input.Width - 1)) * 3, 3).CopyTo(shifted.AsSpan((y * input.Width + x) * 3));
        }
        return shifted;
    }
}
