using Edge.Training.Methods.PatchCore;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.PatchCore;

public sealed class MapSmoothingTests
{
    /// <summary>A_H · d · A_Wᵀ against torch's interpolate and one 33×33 convolution.</summary>
    [Theory]
    [InlineData(8, 8, 64, 64)]
    [InlineData(9, 5, 72, 40)]
    [InlineData(4, 32, 32, 256)]
    public void The_matrices_are_upsampling_and_gaussian(int h, int w, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(1);
        Tensor distances = rand(h, w, dtype: float64);
        Tensor ah = tensor(MapSmoothing.Matrix(h, height), [height, h]).to(float64), aw = tensor(MapSmoothing.Matrix(w, width), [width, w]).to(float64);
        Tensor actual = ah.matmul(distances).matmul(aw.t());

        Tensor line = exp(-arange(-16, 17, dtype: float64).square() / 32);
        Tensor kernel = outer(line, line);
        kernel = (kernel / kernel.sum()).reshape(1, 1, 33, 33);
        Tensor map = nn.functional.interpolate(distances.reshape(1, 1, h, w), [height, width], mode: InterpolationMode.Bilinear, align_corners: false);
        Tensor expected = nn.functional.conv2d(nn.functional.pad(map, [16, 16, 16, 16], PaddingModes.Reflect), kernel).reshape(height, width);
        Assert.True((actual - expected).abs().max().item<double>() < 1e-6);
    }

    [Fact]
    public void A_constant_stays_what_it_is()
    {
        float[] matrix = MapSmoothing.Matrix(32, 256);
        for (int pixel = 0; pixel < 256; pixel++) Assert.Equal(1, matrix.AsSpan(pixel * 32, 32).ToArray().Sum(v => (double)v), 1e-6);
    }
}
