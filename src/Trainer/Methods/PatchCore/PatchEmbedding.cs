using static TorchSharp.torch;

namespace Edge.Training.Methods.PatchCore;

/// <summary>Locally aware patch embeddings of layer2 and layer3 (PatchCore, section 3.1).</summary>
internal static class PatchEmbedding
{
    /// <summary>A neighbourhood of 3×3 patches is averaged (zeros outside the image count, as in the paper's code).</summary>
    public const int Neighbourhood = 3;

    /// <param name="layer2">[N, C2, h, w].</param>
    /// <param name="layer3">[N, C3, h/2, w/2] (rounded up).</param>
    /// <returns>[N, h, w, C2 + C3].</returns>
    public static Tensor Of(Tensor layer2, Tensor layer3)
    {
        long h = layer2.shape[2], w = layer2.shape[3];
        Tensor fine = Average(layer2);
        Tensor coarse = nn.functional.interpolate(Average(layer3), [h, w], mode: InterpolationMode.Bilinear, align_corners: false);   // [N, C3, h, w]
        return cat([fine, coarse], dim: 1).permute(0, 2, 3, 1).contiguous();
    }

    private static Tensor Average(Tensor x) =>
        nn.functional.avg_pool2d(x, kernel_size: Neighbourhood, stride: 1, padding: Neighbourhood / 2, count_include_pad: true);
}
