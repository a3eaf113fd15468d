using Edge.Training.Backbones;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Networks;

/// <summary>Pictures as our own networks take them.</summary>
internal static class ImageTensor
{
    /// <param name="image">uint8 [N, H, W, 3], RGB.</param>
    /// <returns>float32 [N, 3, H, W], 0 to 1, on the training device.</returns>
    public static Tensor Unit(Tensor image) => image.to(TorchRuntime.Device).permute(0, 3, 1, 2).to_type(ScalarType.Float32) / 255;

    /// <param name="unit">[N, 3, H, W], 0 to 1.</param>
    /// <returns>ImageNet's mean and deviation taken out.</returns>
    public static Tensor Normalise(Tensor unit)
    {
        Tensor mean = tensor([.. Normalisation.ImageNet.Mean], [1, 3, 1, 1], device: unit.device), deviation = tensor([.. Normalisation.ImageNet.StandardDeviation], [1, 3, 1, 1], device: unit.device);
        return (unit - mean) / deviation;
    }
}
