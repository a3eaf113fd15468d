using System.Globalization;
using Edge.Scoring;
using OpenCvSharp;

namespace Edge.Imaging;

/// <summary>The strip below a heatmap that says what its colours mean, in raw map values; a mark shows the contour's.</summary>
internal static class ColorBar
{
    /// <summary>Pixels.</summary>
    public const int Height = 34, LeastWidth = 96;

    private const int Margin = 6, Bar = 8, TextBelow = 28;
    private const double TextScale = 0.36;

    /// <param name="top">First row of the strip.</param>
    public static void Draw(Mat picture, int top, ValueRange range, float? contour)
    {
        int length = picture.Width - 2 * Margin, first = top + Margin;
        for (int x = 0; x < length; x++)
        {
            (byte r, byte g, byte b) = Heatmap.ColorOf((byte)(255 * x / (length - 1)), gray: 128);
            Cv2.Line(picture, new Point(Margin + x, first), new Point(Margin + x, first + Bar), new Scalar(b, g, r));
        }
        Text(picture, range.Low, Margin, top, after: true);
        Text(picture, range.High, picture.Width - Margin, top, after: false);
        if (contour is not { } value || !(range.High > range.Low)) return;
        // Outside the range the mark stands at the end: the number says where it really is.
        int at = Margin + (int)Math.Clamp((value - range.Low) / (range.High - range.Low) * (length - 1), 0, length - 1);
        Cv2.Rectangle(picture, new Point(at - 1, first - 3), new Point(at + 1, first + Bar + 3), Scalar.All(255), -1);
        if (picture.Width >= 2 * LeastWidth) Text(picture, value, picture.Width / 2, top, after: null);
    }

    private static void Text(Mat picture, float value, int x, int top, bool? after)
    {
        string text = (after is null ? "contour " : "") + value.ToString("G4", CultureInfo.InvariantCulture);
        int width = Cv2.GetTextSize(text, HersheyFonts.HersheySimplex, TextScale, 1, out _).Width;
        int left = after switch { true => x, false => x - width, null => x - width / 2 };
        Cv2.PutText(picture, text, new Point(left, top + TextBelow), HersheyFonts.HersheySimplex, TextScale, Scalar.All(235), 1, LineTypes.AntiAlias);
    }
}
