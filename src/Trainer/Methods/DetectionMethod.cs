using Edge.Imaging;
using Edge.Packages;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Methods.Networks;
using TorchSharp;

namespace Edge.Training.Methods;

/// <summary>A way to learn from normal pictures. A run fits it, exports it as a graph and compares the two.</summary>
internal abstract class DetectionMethod(BackboneInfo weights) : IDisposable
{
    /// <summary>Of the frozen network that it builds on, as the manifest names it.</summary>
    public BackboneInfo Weights { get; } = weights;

    /// <summary>As in the manifest: patchcore, …</summary>
    public abstract string Name { get; }

    /// <summary>Everything that was chosen, and what came of it, as the manifest shows it.</summary>
    public abstract IReadOnlyDictionary<string, string> Parameters { get; }

    /// <summary>The graph takes pictures of the size it was trained on only.</summary>
    public virtual bool FixedSize => true;

    /// <summary>Largest relative difference between ONNX Runtime and TorchSharp that rounding explains.</summary>
    public virtual double Tolerance => 1e-4;

    /// <summary>How training went; empty for a method without epochs.</summary>
    public virtual IReadOnlyList<EpochRecord> Epochs => [];

    /// <summary>Labelled anomalous pictures that were learned from; testing on them would prove nothing.</summary>
    public virtual IReadOnlyList<Picture> LearnedAnomalies => [];

    /// <exception cref="EdgeException">The method can't work with pictures of this size.</exception>
    public abstract void CheckInput(InputSpec input);

    /// <summary>false: it was trained elsewhere, and all normal pictures are for the threshold.</summary>
    public virtual bool Learns => true;

    /// <summary>Learns from normal pictures.</summary>
    public abstract void Fit(IReadOnlyList<Picture> pictures, TrainingContext context);

    /// <summary>It can say what it would think of a picture it learnt from if it had not, so it needs none held out.</summary>
    public virtual bool LeavesOneOut => false;

    /// <summary>
    /// After <see cref="Fit"/>: score and map of each picture by a model of the others; of a single picture, those of its altered copies.
    /// </summary>
    public virtual IEnumerable<(float Score, float[] Map)> LeaveOneOut(IReadOnlyList<LoadedPicture> pictures, TrainingContext context) => throw new NotSupportedException();

    /// <summary>Writes the whole detector as one ONNX graph (<c>image</c> → <c>image_score</c>, <c>anomaly_map</c>).</summary>
    public abstract void Export(string path, InputSpec input);

    /// <summary>
    /// The convolutions of an exported graph were rounded to 8 bits. What was learnt from their features, and is cheap to learn, is learnt again
    /// from the rounded ones, by the graph itself, and the file rewritten.
    /// </summary>
    /// <param name="pictures">Those of <see cref="Fit"/>.</param>
    public virtual void Relearn(string path, IReadOnlyList<Picture> pictures, TrainingContext context) { }

    /// <summary>The training framework's own answer, to hold the graph against.</summary>
    /// <param name="images">uint8 [N, H, W, 3].</param>
    /// <returns>float32 [N] and [N, H, W], owned by the caller's dispose scope.</returns>
    public abstract (torch.Tensor Score, torch.Tensor Map) Score(torch.Tensor images);

    public virtual void Dispose() { }
}

/// <summary>What a training run lends to its method.</summary>
/// <param name="Skipped">Receives pictures that can't be read.</param>
/// <param name="Strict">Such a picture is an error.</param>
internal sealed record TrainingContext(
    InputSpec Input, bool Strict, ICollection<SkippedPicture> Skipped, Terminal Terminal, CancellationToken Cancellation)
{
    /// <summary>A picture can't be used.</summary>
    /// <exception cref="EdgeException">The run is strict.</exception>
    public void Skip(SkippedPicture picture)
    {
        if (Strict) throw new EdgeException($"{picture.Path}: {picture.Reason} (--strict stops at the first such picture)");
        Terminal.Warn($"skipped {picture.Path}: {picture.Reason}");
        Skipped.Add(picture);
    }
}
