using Edge.Training.Distillation;
using Edge.Training.Methods.Networks;
using static TorchSharp.torch;

namespace Edge.Training.Methods.EfficientAd;

/// <summary>The losses of EfficientAD (algorithm 1).</summary>
/// <param name="features">The teacher's, standardised, of the unchanged pictures.</param>
/// <param name="images">uint8 [1, H, W, 3] each.</param>
/// <param name="training">Indices of the pictures that are trained on.</param>
/// <param name="photographs">For the pretraining penalty; null = none.</param>
internal sealed class EfficientAdTraining(
    EfficientAdNetwork network, PatchDescriptionNetwork teacher, CachedFeatures features, IReadOnlyList<Tensor> images, int[] training, Photographs? photographs, int seed)
{
    /// <summary>
    /// L_hard + penalty + L_AE + L_STAE, a scalar with gradient. The student sees a crop of a photograph at half the side: the penalty is a mean over
    /// patches, and a quarter of them costs a quarter.
    /// </summary>
    /// <param name="step">Draws photograph, change and dropout together with the seed, so a resumed run equals an uninterrupted one.</param>
    public Tensor Loss(int[] batch, int step)
    {
        int[] pictures = Array.ConvertAll(batch, i => training[i]);
        Random random = new(unchecked(seed * 1_000_003 + step * 65_537));
        using Generator dropout = new((ulong)(seed * 1_000_003L + step), TorchRuntime.Device);
        Tensor unit = ImageTensor.Unit(cat([.. pictures.Select(i => images[i])], dim: 0));
        Tensor loss = HardFeatureLoss.Of(features.Of(pictures)[0], network.Local(ImageTensor.Normalise(unit)));
        if (photographs is not null)
        {
            int side = (int)Math.Max(unit.shape[2], unit.shape[3]) / 2;
            byte[] crop = photographs.Crop(photographs.Pictures[random.Next(photographs.Pictures.Count)], side, random);
            loss = loss + network.Local(ImageTensor.Normalise(ImageTensor.Unit(from_array(crop).reshape(1, side, side, 3)))).square().mean();
        }
        Tensor changed = ImageTensor.Normalise(PhotometricChange.Apply(unit, random)), target;
        using (no_grad()) target = teacher.call(changed);
        Tensor whole = network.Autoencoder.Run(changed, dropout);
        return loss + nn.functional.mse_loss(whole, target) + (whole - network.Global(changed)).square().mean();
    }
}
