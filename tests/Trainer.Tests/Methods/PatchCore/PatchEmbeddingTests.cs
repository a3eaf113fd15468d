using Edge.Training.Methods.PatchCore;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.PatchCore;

public sealed class PatchEmbeddingTests
{
    [Theory]
    [InlineData(8, 6, 4, 3)]
    [InlineData(9, 5, 5, 3)]
    public void Equals_the_definition_written_as_loops(int h, int w, int h3, int w3)
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(2);
        Tensor layer2 = randn(2, 3, h, w), layer3 = randn(2, 4, h3, w3);
        Tensor embedding = PatchEmbedding.Of(layer2, layer3);
        Assert.Equal([2, h, w, 7], embedding.shape);
        double[,,,] fine = Average(layer2), coarse = Average(layer3);
        for (int n = 0; n < 2; n++)
        {
            for (int y = 0; y < h; y++)
            {
                for (int x = 0; x < w; x++)
                {
                    for (int c = 0; c < 3; c++) Assert.Equal(fine[n, c, y, x], embedding[n, y, x, c].item<float>(), 1e-5);
                    for (int c = 0; c < 4; c++) Assert.Equal(Interpolate(coarse, n, c, (y + 0.5) * h3 / h - 0.5, (x + 0.5) * w3 / w - 0.5), embedding[n, y, x, 3 + c].item<float>(), 1e-5);
                }
            }
        }
    }

    /// <summary>Mean of the 3×3 neighbourhood, zeros outside counted.</summary>
    private static double[,,,] Average(Tensor t)
    {
        int[] s = [.. t.shape.Select(d => (int)d)];
        double[,,,] result = new double[s[0], s[1], s[2], s[3]];
        float[] values = t.data<float>().ToArray();
        for (int n = 0; n < s[0]; n++)
            for (int c = 0; c < s[1]; c++)
                for (int y = 0; y < s[2]; y++)
                    for (int x = 0; x < s[3]; x++)
                        for (int i = Math.Max(y - 1, 0); i <= Math.Min(y + 1, s[2] - 1); i++)
                            for (int j = Math.Max(x - 1, 0); j <= Math.Min(x + 1, s[3] - 1); j++)
                                result[n, c, y, x] += values[((n * s[1] + c) * s[2] + i) * s[3] + j] / 9.0;
        return result;
    }

    private static double Interpolate(double[,,,] grid, int n, int c, double y, double x)
    {
        (y, x) = (Math.Clamp(y, 0, grid.GetLength(2) - 1), Math.Clamp(x, 0, grid.GetLength(3) - 1));
        int y0 = (int)y, x0 = (int)x, y1 = Math.Min(y0 + 1, grid.GetLength(2) - 1), x1 = Math.Min(x0 + 1, grid.GetLength(3) - 1);
        double top = grid[n, c, y0, x0] * (1 - (x - x0)) + grid[n, c, y0, x1] * (x - x0), bottom = grid[n, c, y1, x0] * (1 - (x - x0)) + grid[n, c, y1, x1] * (x - x0);
        return top * (1 - (y - y0)) + bottom * (y - y0);
    }
}
