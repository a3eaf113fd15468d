using static TorchSharp.torch;

namespace Edge.Training.Methods.Networks;

/// <summary>Pictures as our own networks take them.</summary>
internal static class ImageTensor
{
    /// <summary>ImageNet statistics of RGB / 255.</summary>
    public static IReadOnlyList<float> Mean { get; } = [0.485f, 0.456f, 0.406f];
    public static IReadOnlyList<float> StandardDeviation { get; } = [0.229f, 0.224f, 0.225f];

    /// <param name="image">uint8 [N, H, W, 3], RGB.</param>
    /// <returns>float32 [N, 3, H, W], 0 to 1, on the training device.</returns>
    public static Tensor Unit(Tensor image) => image.to(TorchRuntime.Device).permute(0, 3, 1, 2).to_type(ScalarType.Float32) / 255;

    /// <param name="unit">[N, 3, H, W], 0 to 1.</param>
    /// <returns>Mean and deviation taken out.</returns>
    public static Tensor Normalise(Tensor unit)
    {
        Tensor mean = tensor([.. Mean], [1, 3, 1, 1], device: unit.device), deviation = tensor([.. StandardDeviation], [1, 3, 1, 1], device: unit.device);
        return (unit - mean) / deviation;
    }
}
