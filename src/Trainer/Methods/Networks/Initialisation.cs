using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Networks;

/// <summary>First weights, drawn by .NET: a seed means the same in every version of torch.</summary>
internal static class Initialisation
{
    /// <summary>He's: uniform in ±√(6 / fan-in), for a convolution that ReLU follows; bias 0.</summary>
    /// <param name="gain">Of the weights: small for a last layer, whose outputs shall start near 0.</param>
    public static void He(Conv2d convolution, Random random, float gain = 1)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = convolution.weight;
        float bound = gain * MathF.Sqrt(6f * weight.shape[0] / weight.numel());
        weight.copy_(from_array(Enumerable.Range(0, (int)weight.numel()).Select(_ => bound * (2 * random.NextSingle() - 1)).ToArray()).reshape(weight.shape));
        convolution.bias?.zero_();
    }
}
