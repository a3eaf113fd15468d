using static TorchSharp.torch;

namespace Edge.Training.Methods.Fcdd;

/// <summary>Anomalous pictures of one step.</summary>
/// <param name="Images">uint8 [N, H, W, 3].</param>
/// <param name="Masks">float32 [N, H, W]: 1 where it is anomalous; all 1 where only the picture is known to be.</param>
internal sealed record AnomalyBatch(Tensor Images, Tensor Masks)
{
    /// <param name="images">uint8 [H, W, 3] each.</param>
    /// <param name="masks">[H, W] each, 1 or 0.</param>
    public static AnomalyBatch Of(IReadOnlyList<byte[]> images, IReadOnlyList<byte[]> masks, int width, int height) => new(
        stack([.. images.Select(i => from_array(i).reshape(height, width, 3))]).to(TorchRuntime.Device),
        stack([.. masks.Select(m => from_array(m).reshape(height, width))]).to(float32).to(TorchRuntime.Device));
}
