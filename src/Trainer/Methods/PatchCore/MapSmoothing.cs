namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// From patch distances to the anomaly map: bilinear upsampling (half-pixel centres, edges clamped), then a Gaussian of
/// <see cref="Sigma"/> pixels (edges mirrored, without the edge pixel twice). Both are linear and separable, so along each axis
/// they are one matrix: map = A_H · distances · A_Wᵀ.
/// </summary>
internal static class MapSmoothing
{
    /// <summary>Pixels of the model's input.</summary>
    public const double Sigma = 4;

    /// <summary>Taps on either side: 4 σ.</summary>
    public const int Radius = 16;

    /// <summary>The Gaussian's 2 · Radius + 1 weights; they add up to 1.</summary>
    public static double[] Kernel()
    {
        double[] kernel = [.. Enumerable.Range(-Radius, 2 * Radius + 1).Select(i => Math.Exp(-i * i / (2 * Sigma * Sigma)))];
        double sum = kernel.Sum();
        return [.. kernel.Select(k => k / sum)];
    }

    /// <returns>A, float32 [pixels, patches], row-major.</returns>
    public static float[] Matrix(int patches, int pixels)
    {
        double[] upsampling = Upsampling(patches, pixels), kernel = Kernel(), result = new double[pixels * patches];
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            for (int tap = -Radius; tap <= Radius; tap++)
            {
                int from = Mirror(pixel + tap, pixels);
                for (int patch = 0; patch < patches; patch++)
                    result[pixel * patches + patch] += kernel[tap + Radius] * upsampling[from * patches + patch];
            }
        }
        return [.. result.Select(v => (float)v)];
    }

    /// <summary>Linear interpolation as a matrix [to, from], row-major: sample i lies at (i + ½) · from / to − ½.</summary>
    public static double[] Upsampling(int from, int to)
    {
        double[] matrix = new double[to * from];
        for (int i = 0; i < to; i++)
        {
            double position = Math.Max((i + 0.5) * from / to - 0.5, 0);
            int below = Math.Min((int)position, from - 1), above = Math.Min(below + 1, from - 1);
            double share = position - below;
            matrix[i * from + below] += 1 - share;
            matrix[i * from + above] += share;
        }
        return matrix;
    }

    private static int Mirror(int index, int length) => index < 0 ? -index : index >= length ? 2 * (length - 1) - index : index;
}
