using System.Globalization;
using OpenCvSharp;

namespace Edge.Training.Methods.Networks;

/// <summary>
/// What is done to a normal picture before a step learns from it. Nothing by default: an aligned part that is turned or shifted is anomalous, and a flow that has
/// seen it turned accepts it turned. What is given says how parts really vary.
/// </summary>
/// <param name="Rotate">Degrees, at most, either way.</param>
/// <param name="Shift">Pixels of the model's input, at most, each way.</param>
/// <param name="Brightness">Per cent of white, at most, up or down.</param>
/// <param name="Contrast">Per cent, at most, more or less, around the picture's mean.</param>
internal sealed record Augmentation(bool FlipHorizontal = false, bool FlipVertical = false, double Rotate = 0, double Shift = 0, double Brightness = 0, double Contrast = 0)
{
    public const string Understood = "flip-horizontal, flip-vertical, rotate:DEGREES, shift:PIXELS, brightness:PERCENT, contrast:PERCENT";

    public static Augmentation None { get; } = new();

    /// <exception cref="EdgeException">A word is not known, or its number is out of range.</exception>
    public static Augmentation Parse(string? list)
    {
        Augmentation made = None;
        foreach (string word in (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] parts = word.Split(':');
            made = (parts[0], parts.Length) switch
            {
                ("none", 1) => made,
                ("flip-horizontal", 1) => made with { FlipHorizontal = true },
                ("flip-vertical", 1) => made with { FlipVertical = true },
                ("rotate", 2) => made with { Rotate = Number(180) },
                ("shift", 2) => made with { Shift = Number(1000) },
                ("brightness", 2) => made with { Brightness = Number(100) },
                ("contrast", 2) => made with { Contrast = Number(100) },
                _ => throw new EdgeException($"--augment {word} is not understood; there are: {Understood}."),
            };

            double Number(double most) => double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number > 0 && number <= most
                ? number : throw new EdgeException($"--augment {word}: a number above 0 and at most {most} is needed.");
        }
        return made;
    }

    /// <param name="rgb">uint8 [H, W, 3].</param>
    /// <returns>Another array, drawn by <paramref name="random"/>; what moves in at an edge is the picture mirrored there.</returns>
    public byte[] Apply(byte[] rgb, int width, int height, Random random)
    {
        byte[] result = [.. rgb];
        bool across = FlipHorizontal && random.Next(2) == 0, down = FlipVertical && random.Next(2) == 0;
        double angle = Draw(Rotate), x = Draw(Shift), y = Draw(Shift), brighter = Draw(Brightness) * 2.55, gain = 1 + Draw(Contrast) / 100;
        using Mat picture = Mat.FromPixelData(height, width, MatType.CV_8UC3, result);
        if (across) Cv2.Flip(picture, picture, FlipMode.Y);
        if (down) Cv2.Flip(picture, picture, FlipMode.X);
        if (Rotate > 0 || Shift > 0)
        {
            using Mat move = Cv2.GetRotationMatrix2D(new Point2f((width - 1) / 2f, (height - 1) / 2f), angle, 1);
            move.Set(0, 2, move.Get<double>(0, 2) + x);
            move.Set(1, 2, move.Get<double>(1, 2) + y);
            using Mat source = picture.Clone();
            Cv2.WarpAffine(source, picture, move, picture.Size(), InterpolationFlags.Linear, BorderTypes.Reflect101);
        }
        if (Brightness > 0 || Contrast > 0)
        {
            Scalar mean = Cv2.Mean(picture);
            double level = (mean.Val0 + mean.Val1 + mean.Val2) / 3;
            picture.ConvertTo(picture, -1, gain, level * (1 - gain) + brighter);
        }
        return result;

        double Draw(double most) => most == 0 ? 0 : most * (2 * random.NextDouble() - 1);
    }

    public override string ToString()
    {
        string[] words = [.. FlipHorizontal ? ["flip-horizontal"] : (string[])[], .. FlipVertical ? ["flip-vertical"] : (string[])[],
            .. new[] { ("rotate", Rotate), ("shift", Shift), ("brightness", Brightness), ("contrast", Contrast) }.Where(w => w.Item2 > 0).Select(w => string.Create(CultureInfo.InvariantCulture, $"{w.Item1}:{w.Item2}"))];
        return words.Length == 0 ? "none" : string.Join(',', words);
    }
}
