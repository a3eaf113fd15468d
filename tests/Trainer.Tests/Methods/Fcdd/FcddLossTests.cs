using Edge.Training.Methods.Fcdd;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.Fcdd;

public sealed class FcddLossTests
{
    /// <summary>√(a² + 1) − 1 and its slope a / √(a² + 1), in double precision; relative, because near 0 the textbook form loses all digits.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1e-4)]
    [InlineData(-0.03)]
    [InlineData(1)]
    [InlineData(-7.5)]
    [InlineData(3000)]
    public void Pseudo_huber_and_its_gradient_are_the_closed_form(double a)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor((float)a, requires_grad: true);
        Tensor h = FcddLoss.PseudoHuber(x);
        h.backward();
        double exact = (float)a, expected = exact * exact / (Math.Sqrt(exact * exact + 1) + 1);
        Assert.Equal(Math.Sqrt(exact * exact + 1) - 1, expected, 1e-9 * Math.Max(1, expected));
        Assert.Equal(expected, h.item<float>(), 1e-6 * expected);
        Assert.Equal(exact / Math.Sqrt(exact * exact + 1), x.grad!.item<float>(), 1e-6);
    }

    [Fact]
    public void The_losses_are_sums_over_pixels()
    {
        using DisposeScope scope = NewDisposeScope();
        Random random = new(4);
        float[] map = [.. Enumerable.Range(0, 2 * 3 * 5).Select(_ => 3 * random.NextSingle())], mask = [.. map.Select(_ => (float)random.Next(2))];
        double expected = 0;
        for (int n = 0; n < 2; n++)
        {
            double normal = 0, anomalous = 0;
            for (int i = n * 15; i < (n + 1) * 15; i++)
            {
                if (mask[i] == 1) anomalous += map[i] / 15;
                else normal += map[i] / 15;
            }
            expected += (normal - Math.Log(1 - Math.Exp(-anomalous))) / 2;
        }
        Tensor maps = from_array(map).reshape(2, 3, 5);
        Assert.Equal(expected, FcddLoss.Anomalous(maps, from_array(mask).reshape(2, 3, 5)).item<float>(), 1e-4);
        Assert.Equal(map.Average(), FcddLoss.Normal(maps).item<float>(), 1e-5);
        double wholePictures = Enumerable.Range(0, 2).Average(n => -Math.Log(1 - Math.Exp(-map[(n * 15)..(n * 15 + 15)].Average())));
        Assert.Equal(wholePictures, FcddLoss.Anomalous(maps, ones(2, 3, 5)).item<float>(), 1e-4);
    }

    [Fact]
    public void A_map_of_zeros_has_a_finite_loss_that_wants_it_higher()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor map = zeros([1, 4, 4], requires_grad: true);
        Tensor loss = FcddLoss.Anomalous(map, ones(1, 4, 4));
        loss.backward();
        Assert.InRange(loss.item<float>(), 10, 20);
        Assert.True(map.grad!.isfinite().all().item<bool>() && map.grad!.max().item<float>() < 0);
    }
}
