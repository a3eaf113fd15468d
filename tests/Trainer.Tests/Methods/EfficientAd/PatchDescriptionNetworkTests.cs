using Edge.Training.Methods.EfficientAd;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.EfficientAd;

public sealed class PatchDescriptionNetworkTests
{
    [Theory]
    [InlineData("small", 4, 384)]
    [InlineData("medium", 6, 384)]
    public void Channels_and_grid_are_the_papers(string size, int layers, int outputs)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable inference = no_grad();
        Assert.Equal((layers, outputs), (PdnShape.Of(size, 1).Layers.Count, PdnShape.Of(size, 1).Outputs));
        using PatchDescriptionNetwork network = new(PdnShape.Of(size, 1.0 / 16), new Random(0));
        Assert.Equal([2, 24, 64, 64], network.call(zeros(2, 3, 256, 256)).shape);
        foreach ((int pixels, int cells) in ((int, int)[])[(64, 16), (65, 17), (66, 17), (68, 17), (70, 18), (95, 24)])
            Assert.Equal([1, 24, cells, 16], network.call(zeros(1, 3, pixels, 64)).shape);
    }

    [Theory]
    [InlineData("small")]
    [InlineData("medium")]
    public void A_cell_sees_33_by_33_pixels_around_four_times_its_index(string size)
    {
        using DisposeScope scope = NewDisposeScope();
        using PatchDescriptionNetwork network = new(PdnShape.Of(size, 1.0 / 16), new Random(1));
        Tensor image = rand(1, 3, 128, 128, requires_grad: true);
        // Positive weights: no ReLU is shut, and no two paths cancel.
        using (no_grad()) foreach ((_, Tensor tensor) in network.Tensors()) tensor.abs_();
        network.call(image)[0, .., 15, 17].sum().backward();
        bool[] touched = image.grad!.abs().sum(1).ne(0).data<bool>().ToArray();
        int[] hit = [.. Enumerable.Range(0, touched.Length).Where(i => touched[i])];
        Assert.Equal(33 * 33, hit.Length);
        Assert.Equal((4 * 15 - 16, 4 * 15 + 16), (hit.Min(i => i / 128), hit.Max(i => i / 128)));
        Assert.Equal((4 * 17 - 16, 4 * 17 + 16), (hit.Min(i => i % 128), hit.Max(i => i % 128)));
    }

    [Theory]
    [InlineData("large", 1, "small, medium")]
    [InlineData("small", 0.001, "--width 0.001")]
    [InlineData("small", double.NaN, "--width NaN")]
    public void Another_network_is_refused(string size, double width, string why) =>
        Assert.Contains(why, Assert.Throws<EdgeException>(() => PdnShape.Of(size, width)).Message, StringComparison.Ordinal);
}
