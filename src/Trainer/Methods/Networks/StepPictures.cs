using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Networks;

/// <summary>The normal pictures of a step as they are learned from: augmented by seed, step and place in the batch alone, so a resumed run equals an uninterrupted one.</summary>
internal sealed class StepPictures(LearningPictures pictures, CachedFeatures features, Func<Tensor, Tensor[]> network, Augmentation augmentation, int seed)
{
    /// <returns>Features of the pictures, per layer [indices, C, h, w], owned by the caller's dispose scope; from the cache without augmentation.</returns>
    public Tensor[] Features(int[] indices, int step)
    {
        if (augmentation == Augmentation.None) return features.Of(indices);
        using IDisposable inference = no_grad();
        long[] shape = pictures.Images[indices[0]].shape;
        return network(cat([.. indices.Select((_, place) => from_array(Rgb(indices, place, step)).reshape(shape))], dim: 0).to(TorchRuntime.Device));
    }

    /// <param name="place">In the batch.</param>
    /// <returns>uint8 [H, W, 3]; the caller's own.</returns>
    public byte[] Rgb(int[] indices, int place, int step)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor image = pictures.Images[indices[place]];
        byte[] rgb = image.Values<byte>();
        return step < 0 || augmentation == Augmentation.None ? rgb
            : augmentation.Apply(rgb, (int)image.shape[2], (int)image.shape[1], new Random(unchecked((seed * 31 + 17) * 1_000_003 + step * 1024 + place)));
    }
}
