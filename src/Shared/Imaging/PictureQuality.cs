namespace Edge.Imaging;

/// <summary>What one look at a picture tells about focus, light and colour.</summary>
/// <param name="Brightness">Mean luma, 0 to 255.</param>
/// <param name="Black">Share of pixels with luma 3 or less.</param>
/// <param name="White">Share of pixels with luma 252 or more.</param>
/// <param name="Sharpness">Variance of the Laplacian.</param>
/// <param name="RedOverBlue">Mean red minus mean blue, grey levels.</param>
internal readonly record struct PictureQuality(double Brightness, double Black, double White, double Sharpness, double RedOverBlue)
{
    /// <summary>Below this there is no "usual".</summary>
    public const int Fewest = 8;

    /// <param name="rgb">uint8 [H, W, 3], RGB.</param>
    /// <param name="luma">Receives float32 [H, W], ITU-R BT.601.</param>
    public static PictureQuality Of(ReadOnlySpan<byte> rgb, int width, int height, Span<float> luma)
    {
        int black = 0, white = 0, red = 0, blue = 0, count = width * height;
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            float y = luma[i] = 0.299f * rgb[3 * i] + 0.587f * rgb[3 * i + 1] + 0.114f * rgb[3 * i + 2];
            sum += y;
            red += rgb[3 * i];
            blue += rgb[3 * i + 2];
            if (y <= 3) black++;
            if (y >= 252) white++;
        }
        return new PictureQuality(sum / count, (double)black / count, (double)white / count, Laplacian(luma, width, height), (double)(red - blue) / count);
    }

    private static double Laplacian(ReadOnlySpan<float> luma, int width, int height)
    {
        double sum = 0, squares = 0;
        for (int y = 1; y < height - 1; y++)
        {
            for (int i = y * width + 1; i < (y + 1) * width - 1; i++)
            {
                double laplacian = luma[i - 1] + luma[i + 1] + luma[i - width] + luma[i + width] - 4 * luma[i];
                sum += laplacian;
                squares += laplacian * laplacian;
            }
        }
        int count = (width - 2) * (height - 2);
        double mean = sum / count;
        return squares / count - mean * mean;
    }
}
