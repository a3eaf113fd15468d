using OpenCvSharp;

namespace Edge.Synthetic;

/// <summary>
/// How bright each light is over the picture: falloff, vignetting of the lens (about 12 % in the corners), slight differences
/// from part to part. Computed on a coarse grid, then enlarged to float32 [H, W].
/// </summary>
internal sealed class LightField(int width, int height) : IDisposable
{
    private const int Step = 16;
    private readonly Mat grid = new(height / Step + 2, width / Step + 2, MatType.CV_32F);

    public Mat Ring { get; } = new(height, width, MatType.CV_32F);
    public Mat Bar { get; } = new(height, width, MatType.CV_32F);

    public void Draw(ref Rng rng)
    {
        float exposure = 1 + 0.012f * rng.Normal();
        Fill(ref rng, Ring, exposure * (1 + 0.012f * rng.Normal()), falloffX: 0.03f, falloffY: 0.02f);
        Fill(ref rng, Bar, exposure * (1 + 0.03f * rng.Normal()), falloffX: 0.16f, falloffY: 0.13f);
    }

    private void Fill(ref Rng rng, Mat field, float gain, float falloffX, float falloffY)
    {
        uint patch = (uint)rng.Next();
        falloffX += 0.012f * rng.Normal();
        falloffY += 0.012f * rng.Normal();
        int rows = grid.Rows, columns = grid.Cols;
        for (int y = 0; y < rows; y++)
        {
            Span<float> row = grid.RowAs<float>(y);
            for (int x = 0; x < columns; x++)
            {
                float u = 2f * x / (columns - 1) - 1, v = 2f * y / (rows - 1) - 1;
                float vignette = 1 - 0.06f * (u * u + v * v);
                row[x] = gain * vignette * (1 - falloffX * u - falloffY * v) * (1 + 0.02f * Noise.Smooth(u * 2.2f, v * 2.2f, patch));
            }
        }
        Cv2.Resize(grid, field, field.Size(), interpolation: InterpolationFlags.Linear);
    }

    public void Dispose()
    {
        grid.Dispose();
        Ring.Dispose();
        Bar.Dispose();
    }
}
