using static TorchSharp.torch;

namespace Edge.Training.Methods.Fcdd;

/// <summary>FCDD's objective.</summary>
internal static class FcddLoss
{
    private const double Least = 1e-6;   // log 0

    /// <summary>Pseudo-Huber, A(X) = √(φ(X)² + 1) − 1 of section 3, as φ² / (√(φ² + 1) + 1): the same without the loss of digits near 0.</summary>
    public static Tensor PseudoHuber(Tensor values)
    {
        Tensor square = values.square();
        return square / ((square + 1).sqrt() + 1);
    }

    /// <summary>Of normal pictures: the mean of the map.</summary>
    /// <param name="map">[N, H, W].</param>
    public static Tensor Normal(Tensor map) => map.mean();

    /// <summary>
    /// Of anomalous pictures, averaged: the mean over all pixels of the map where it is normal, less log(1 − exp(−the mean over all pixels of the map where it is anomalous)).
    /// This is the pixel-wise, semi-supervised form. A mask of ones says that the picture is anomalous but not where: the image-wise form.
    /// </summary>
    /// <param name="map">[N, H, W].</param>
    /// <param name="mask">[N, H, W]: 1 anomalous, 0 normal.</param>
    public static Tensor Anomalous(Tensor map, Tensor mask)
    {
        Tensor normal = (map * (1 - mask)).mean([1, 2]), anomalous = (map * mask).mean([1, 2]);
        return (normal - (-(-(anomalous + Least)).expm1()).log()).mean();
    }
}
