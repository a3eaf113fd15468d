using OpenCvSharp;

namespace Edge.Training.Data.Imitations;

/// <summary>What real defects often look like.</summary>
internal enum ImitatedKind
{
    /// <summary>A rectangle of another picture (CutPaste, arXiv 2104.04015): something is where it should not be.</summary>
    Patch,

    /// <summary>A bent line, one to a few pixels wide, darker or lighter.</summary>
    Scratch,

    /// <summary>One to four small round spots: holes, grains.</summary>
    Spot,

    /// <summary>A large faint area with soft edges.</summary>
    Stain,

    /// <summary>A part of the surface without its texture.</summary>
    Smear,
}

/// <summary>
/// Draws a defect onto a normal picture: out = picture + α · change, with α from 0 to 1. Sizes are shares of the picture's shorter side, contrasts shares of the full range,
/// both drawn from ranges that go from hardly visible to obvious.
/// </summary>
internal static class Imitation
{
    /// <summary>Least difference that counts as changed, share of the full range: two of 255 gray levels.</summary>
    public const double Visible = 2.0 / 255;

    private const double Obvious = 8.0 / 255;   // somewhere in the picture; else it is drawn again
    private const int Attempts = 20;

    /// <param name="picture">8- or 16-bit, gray or BGR; becomes the picture with the defect.</param>
    /// <param name="other">Another normal picture with the same pixels, for <see cref="ImitatedKind.Patch"/>.</param>
    /// <returns>CV_8UC1, 255 where the picture changed; null where nothing visible could be drawn (a smear on an even surface).</returns>
    public static Mat? Draw(ImitatedKind kind, Mat picture, Mat other, Random random)
    {
        double white = picture.Depth() == MatType.CV_16U ? ushort.MaxValue : byte.MaxValue;
        using Mat before = new();
        picture.ConvertTo(before, MatType.CV_32F, 1 / white);
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            using Mat alpha = new(picture.Size(), MatType.CV_32FC1, Scalar.All(0)), change = Change(kind, before, other, white, alpha, random), after = new();
            using (Mat alphas = new())
            {
                Cv2.Merge([.. Enumerable.Repeat(alpha, picture.Channels())], alphas);
                Cv2.Multiply(change, alphas, change);
            }
            Cv2.Add(before, change, change);
            change.ConvertTo(after, picture.Type(), white);   // clips
            Mat mask = Difference(picture, after, white, out double largest);
            if (largest >= Obvious)
            {
                after.CopyTo(picture);
                return mask;
            }
            mask.Dispose();
        }
        return null;
    }

    /// <summary>Fills α and says what it blends in.</summary>
    private static Mat Change(ImitatedKind kind, Mat before, Mat other, double white, Mat alpha, Random random)
    {
        int side = Math.Min(before.Width, before.Height);
        Point centre = new(random.Next(before.Width), random.Next(before.Height));
        switch (kind)
        {
            case ImitatedKind.Patch:
                return Patch(before, other, white, alpha, random);
            case ImitatedKind.Scratch:
                Line(alpha, centre, side, random);
                return Lighter(before, Between(random, 0.08, 0.4), random);
            case ImitatedKind.Spot:
                for (int left = random.Next(1, 5); left > 0; left--)
                {
                    Cv2.Circle(alpha, centre, Math.Max(1, (int)Math.Round(side * Between(random, 0.005, 0.02))), Scalar.All(1), -1, LineTypes.AntiAlias);
                    centre += new Point(random.Next(-side / 8, side / 8 + 1), random.Next(-side / 8, side / 8 + 1));
                }
                Soften(alpha, 0.7);
                return Lighter(before, Between(random, 0.1, 0.5), random);
            case ImitatedKind.Stain:
                for (int left = random.Next(2, 5); left > 0; left--)
                {
                    Blob(alpha, centre, side * Between(random, 0.04, 0.15), random);
                    centre += new Point(random.Next(-side / 8, side / 8 + 1), random.Next(-side / 8, side / 8 + 1));
                }
                Soften(alpha, side * Between(random, 0.01, 0.04));
                return Lighter(before, Between(random, 0.05, 0.2), random);
            default:
                Blob(alpha, centre, side * Between(random, 0.06, 0.2), random);
                Soften(alpha, side * 0.01);
                Mat blurred = new();
                Cv2.GaussianBlur(before, blurred, default, Math.Max(1.5, side * Between(random, 0.008, 0.03)));
                Cv2.Subtract(blurred, before, blurred);
                return blurred;
        }
    }

    private static Mat Patch(Mat before, Mat other, double white, Mat alpha, Random random)
    {
        double area = Between(random, 0.002, 0.03) * before.Width * before.Height, ratio = Between(random, 0.25, 4);
        Size size = new(Math.Clamp((int)Math.Sqrt(area * ratio), 2, Math.Min(before.Width, other.Width)), Math.Clamp((int)Math.Sqrt(area / ratio), 2, Math.Min(before.Height, other.Height)));
        Rect to = new(new Point(random.Next(before.Width - size.Width + 1), random.Next(before.Height - size.Height + 1)), size);
        Rect from = new(new Point(random.Next(other.Width - size.Width + 1), random.Next(other.Height - size.Height + 1)), size);
        Cv2.Rectangle(alpha, to, Scalar.All(1), -1);
        Mat change = new(before.Size(), before.Type(), Scalar.All(0));
        using Mat source = new(other, from), here = new(before, to), there = new(change, to);
        source.ConvertTo(there, MatType.CV_32F, 1 / white);
        Cv2.Subtract(there, here, there);
        return change;
    }

    /// <summary>A uniform change of brightness, up or down.</summary>
    private static Mat Lighter(Mat before, double contrast, Random random) =>
        new(before.Size(), before.Type(), Scalar.All(random.Next(2) == 0 ? contrast : -contrast));

    private static void Line(Mat alpha, Point start, int side, Random random)
    {
        const int Bends = 6;
        double step = side * Between(random, 0.1, 0.6) / Bends, angle = random.NextDouble() * 2 * Math.PI;
        Point[] points = new Point[Bends + 1];
        (double x, double y) = (start.X, start.Y);
        for (int i = 0; i <= Bends; i++)
        {
            points[i] = new Point((int)Math.Round(x), (int)Math.Round(y));
            angle += (random.NextDouble() - 0.5) * 0.6;
            (x, y) = (x + step * Math.Cos(angle), y + step * Math.Sin(angle));
        }
        Cv2.Polylines(alpha, [points], isClosed: false, Scalar.All(1), Math.Max(1, (int)Math.Round(side * Between(random, 0.003, 0.012))), LineTypes.AntiAlias);
        Soften(alpha, 0.5);
    }

    private static void Blob(Mat alpha, Point centre, double radius, Random random)
    {
        double stretch = Between(random, 1, 3);
        Cv2.Ellipse(alpha, centre, new Size(Math.Max(1, radius * Math.Sqrt(stretch)), Math.Max(1, radius / Math.Sqrt(stretch))), random.Next(180), 0, 360, Scalar.All(1), -1, LineTypes.AntiAlias);
    }

    private static void Soften(Mat alpha, double sigma) => Cv2.GaussianBlur(alpha, alpha, default, sigma);

    private static Mat Difference(Mat before, Mat after, double white, out double largest)
    {
        using Mat difference = new(), planes = before.Channels() == 1 ? new Mat() : new Mat(before.Size(), before.Depth() == MatType.CV_16U ? MatType.CV_16UC1 : MatType.CV_8UC1, Scalar.All(0));
        Cv2.Absdiff(before, after, difference);
        Mat widest = difference;
        if (before.Channels() > 1)
        {
            foreach (Mat plane in Cv2.Split(difference))
            {
                Cv2.Max(planes, plane, planes);
                plane.Dispose();
            }
            widest = planes;
        }
        Cv2.MinMaxLoc(widest, out _, out largest);
        largest /= white;
        Mat mask = new();
        Cv2.Compare(widest, Visible * white - 0.5, mask, CmpTypes.GT);
        return mask;
    }

    /// <summary>Even on a logarithmic scale: as many small ones as large ones.</summary>
    private static double Between(Random random, double low, double high) => low * Math.Pow(high / low, random.NextDouble());
}
