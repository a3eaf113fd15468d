namespace Edge.Training.Methods.Fcdd;

/// <summary>
/// Confetti noise, FCDD's synthetic anomalies: rectangles from a fiftieth to a quarter of the picture's side, up to 16 times as long as wide, turned any way, each of its own colour,
/// opaque or sheer. Gray where all pictures are gray: colour would give them away.
/// </summary>
internal static class Confetti
{
    private const int Most = 5;      // rectangles
    private const int Visible = 8;   // gray levels

    /// <param name="rgb">uint8 [H, W, 3]; changed, somewhere visibly.</param>
    public static void Throw(byte[] rgb, int width, int height, bool gray, Random random)
    {
        bool visible = false;
        while (!visible)
            for (int left = random.Next(1, Most + 1); left > 0; left--) visible |= Rectangle(rgb, width, height, gray, random);
    }

    private static bool Rectangle(byte[] rgb, int width, int height, bool gray, Random random)
    {
        double size = Math.Min(width, height) * LogUniform(random, 0.02, 0.25), stretch = LogUniform(random, 1, 4), angle = random.NextDouble() * Math.PI;
        double length = size * stretch / 2, thickness = Math.Max(size / stretch / 2, 1);   // half of them, pixels
        (double x0, double y0, double cos, double sin) = (random.NextDouble() * width, random.NextDouble() * height, Math.Cos(angle), Math.Sin(angle));
        double opacity = 0.3 + 0.7 * random.NextDouble();
        int red = random.Next(256);
        int[] colour = gray ? [red, red, red] : [red, random.Next(256), random.Next(256)];
        double reach = Math.Sqrt(length * length + thickness * thickness);
        int largest = 0;
        for (int y = Math.Max(0, (int)(y0 - reach)); y <= Math.Min(height - 1, (int)(y0 + reach)); y++)
        {
            for (int x = Math.Max(0, (int)(x0 - reach)); x <= Math.Min(width - 1, (int)(x0 + reach)); x++)
            {
                double along = (x - x0) * cos + (y - y0) * sin, across = (y - y0) * cos - (x - x0) * sin;
                if (Math.Abs(along) > length || Math.Abs(across) > thickness) continue;
                for (int c = 0; c < 3; c++)
                {
                    ref byte value = ref rgb[(y * width + x) * 3 + c];
                    byte mixed = (byte)Math.Round(value + opacity * (colour[c] - value));
                    largest = Math.Max(largest, Math.Abs(mixed - value));
                    value = mixed;
                }
            }
        }
        return largest >= Visible;
    }

    private static double LogUniform(Random random, double low, double high) => low * Math.Pow(high / low, random.NextDouble());
}
