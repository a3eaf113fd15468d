using static TorchSharp.torch;

namespace Edge.Training.Methods.EfficientAd;

/// <summary>What the autoencoder's pictures go through (EfficientAD, algorithm 1): brightness, contrast or saturation, one of them, by 0.8 to 1.2.</summary>
internal static class PhotometricChange
{
    /// <param name="image">[N, 3, H, W], 0 to 1.</param>
    /// <returns>[N, 3, H, W], 0 to 1.</returns>
    public static Tensor Apply(Tensor image, Random random)
    {
        int kind = random.Next(3);
        double factor = 0.8 + 0.4 * random.NextDouble();
        if (kind == 0) return (image * factor).clamp(0, 1);
        Tensor gray = (image * tensor([0.299f, 0.587f, 0.114f], [1, 3, 1, 1], device: image.device)).sum(1, keepdim: true);   // BT.601 luma
        Tensor centre = kind == 1 ? gray.mean([1, 2, 3], keepdim: true) : gray;
        return (image * factor + centre * (1 - factor)).clamp(0, 1);
    }
}
