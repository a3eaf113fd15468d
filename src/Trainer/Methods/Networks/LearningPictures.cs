using Edge.Training.Data;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Networks;

/// <summary>
/// The normal pictures a network learns from, in memory. A tenth of them is not trained on and chooses the best epoch. They are not the
/// threshold's: its promise holds only for pictures that the model has not been fitted to in any way.
/// </summary>
/// <param name="Images">uint8 [1, H, W, 3] each, on the training device, owned by the dispose scope that was open.</param>
/// <param name="Training">Indices.</param>
/// <param name="Validation">Indices; empty with fewer than <see cref="FewestToValidate"/> pictures.</param>
/// <param name="Digest">Of all of them.</param>
internal sealed record LearningPictures(IReadOnlyList<Tensor> Images, int[] Training, int[] Validation, string Digest)
{
    private const int FewestToValidate = 8;
    private const double ValidationShare = 0.1;

    public static LearningPictures Load(IReadOnlyList<Picture> pictures, TrainingContext context) => context.Terminal.Progress("reading pictures", progress =>
    {
        List<Picture> read = [];
        List<Tensor> images = [];
        foreach (LoadedPicture picture in PictureLoader.Stream(pictures, context.Input, context.Strict, context.Skipped, context.Terminal, context.Cancellation))
        {
            read.Add(picture.Picture);
            images.Add(from_array(picture.Rgb).reshape(1, context.Input.Height, context.Input.Width, 3).to(TorchRuntime.Device));
            progress.Report((double)images.Count / (pictures.Count * TileInput.PerPicture(context.Input)));
        }
        if (images.Count == 0) throw new EdgeException($"None of the {pictures.Count} training pictures can be read.");
        Picture[] distinct = [.. read.Distinct()];   // all tiles of a picture go together
        Split split = distinct.Length < FewestToValidate ? new Split(distinct, []) : Split.Of(distinct, ValidationShare);
        HashSet<Picture> validation = [.. split.Calibration];
        ILookup<bool, int> indices = Enumerable.Range(0, read.Count).ToLookup(i => validation.Contains(read[i]));
        return new LearningPictures(images, [.. indices[false]], [.. indices[true]], Dataset.DigestOf(read));
    });
}
