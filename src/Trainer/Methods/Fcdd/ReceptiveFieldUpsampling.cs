using static TorchSharp.torch;

namespace Edge.Training.Methods.Fcdd;

/// <summary>
/// The map at the picture's size (FCDD, section 3, Algorithm 1): each value is spread as a Gaussian around the centre of its receptive field.
/// The centre of value i is pixel <see cref="Stride"/> · i exactly, where every layer below pads by half its kernel (ResNets; TensorFlow's padding shifts it by up to a value). A transposed
/// convolution, here one along each axis as the Gaussian is separable, cropped to the picture; divided by the Gaussians' own sum at the pixel,
/// so that a constant stays that constant up to the border.
/// </summary>
internal static class ReceptiveFieldUpsampling
{
    /// <summary>Pixels between two values: layer2's.</summary>
    public const int Stride = 8;

    /// <summary>Pixels. As large as the stride: the Gaussians' sum is then even to 1e-8, and no grid shows.</summary>
    public const double Sigma = 8;

    /// <summary>Taps on either side: 3 σ. At least Stride − 1, so that the last value reaches the last pixel.</summary>
    public const int Radius = 24;

    /// <summary>exp(−i² / 2σ²), 2 · Radius + 1 taps.</summary>
    public static float[] Kernel() => [.. Enumerable.Range(-Radius, 2 * Radius + 1).Select(i => (float)Math.Exp(-i * i / (2 * Sigma * Sigma)))];

    /// <param name="values">[N, 1, h, w], h = ⌈height / 8⌉.</param>
    /// <returns>[N, height, width].</returns>
    public static Tensor Apply(Tensor values, long height, long width)
    {
        Tensor kernel = tensor(Kernel(), device: values.device);
        Tensor ones = ones_like(values[..1]);
        return (Spread(values) / Spread(ones)).squeeze(1);

        Tensor Spread(Tensor x)
        {
            x = nn.functional.conv_transpose2d(x, kernel.reshape(1, 1, -1, 1), strides: [Stride, 1]);
            x = nn.functional.conv_transpose2d(x, kernel.reshape(1, 1, 1, -1), strides: [1, Stride]);
            return x.narrow(2, Radius, height).narrow(3, Radius, width);
        }
    }
}
