using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Training.Tests;

public sealed class TensorValuesTests
{
    [Fact]
    public void A_view_comes_in_its_own_order()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor view = arange(24, float32).reshape(2, 3, 4).permute(2, 0, 1).slice(0, 1, 4, 2);   // [2, 2, 3]
        Assert.Equal([1, 5, 9, 13, 17, 21, 3, 7, 11, 15, 19, 23], view.Values<float>());
        Assert.Equal(view.data<float>().ToArray(), view.Values<float>());
    }

    [Fact]
    public void Gradients_do_not_matter_and_nothing_stays_alive()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = ones(3, requires_grad: true);
        long before = scope.DisposablesCount;
        Assert.Equal([1, 1, 1], weight.Values<float>());
        Assert.Equal(before, scope.DisposablesCount);
    }

    [Fact]
    public void Another_type_is_a_mistake() => Assert.Throws<ArgumentException>(() =>
    {
        using Tensor counts = ones(2, int64);
        counts.Values<int>();
    });
}
