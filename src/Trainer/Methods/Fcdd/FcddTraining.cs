using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Fcdd;

/// <summary>Lowers the map on normal pictures and raises it on anomalous ones (FCDD, section 3).</summary>
/// <param name="features">layer2 and layer3 of training and validation pictures.</param>
/// <param name="normals">Indices of pictures and number of the step → what the step learns from them as normal.</param>
/// <param name="training">Indices of the pictures that are trained on.</param>
/// <param name="validation">Indices of normal pictures that choose the best epoch; may be empty.</param>
/// <param name="trunk">uint8 [N, H, W, 3] → layer2 and layer3.</param>
/// <param name="anomalies">Indices of normal pictures and number of the step → as many anomalous ones. Steps below 0 are for validation.</param>
internal sealed class FcddTraining(
    FcddNetwork network, CachedFeatures features, Func<int[], int, Tensor[]> normals, int[] training, int[] validation, Func<Tensor, Tensor[]> trunk, Func<int[], int, AnomalyBatch> anomalies)
{
    private const int Slice = 4, MostValidated = 64;   // anomalous pictures: at once, and in all

    private readonly List<(Tensor[] Features, Tensor Masks)> known = [];   // what validates

    public void Standardise(Action<double> progress, CancellationToken cancellation)
    {
        ChannelStatistics[] layers = features.Statistics(training, x => x, progress, cancellation);
        network.Standardise(layers);
        foreach (ChannelStatistics layer in layers) layer.Dispose();
    }

    /// <summary>Mean over normal and anomalous pictures, as many of each; a scalar with gradient.</summary>
    public Tensor Loss(int[] batch, int step)
    {
        int[] pictures = Array.ConvertAll(batch, i => training[i]);
        AnomalyBatch anomalous = anomalies(pictures, step);
        (long height, long width) = (anomalous.Masks.shape[1], anomalous.Masks.shape[2]);
        return (FcddLoss.Normal(network.Map(normals(pictures, step), height, width))
            + FcddLoss.Anomalous(network.Map(Trunk(anomalous.Images), height, width), anomalous.Masks)) / 2;
    }

    /// <summary>null where nothing validates: the last epoch is taken. The validation's anomalies are the same after every epoch; they belong to the open dispose scope.</summary>
    public Func<double>? Validation()
    {
        if (validation.Length == 0) return null;
        using IDisposable inference = no_grad();
        int step = 0;
        foreach (int[] slice in Enumerable.Repeat(validation, 2).SelectMany(v => v).Take(MostValidated).Chunk(Slice))
        {
            AnomalyBatch anomalous = anomalies(slice, --step);
            known.Add((Trunk(anomalous.Images), anomalous.Masks));
        }
        return () =>
        {
            using DisposeScope scope = NewDisposeScope();
            (long height, long width) = (known[0].Masks.shape[1], known[0].Masks.shape[2]);
            double normal = 0, anomalous = 0;
            foreach ((int[] some, Tensor[] slice) in features.Slices(validation)) normal += some.Length * FcddLoss.Normal(network.Map(slice, height, width)).item<float>();
            foreach ((Tensor[] slice, Tensor masks) in known) anomalous += masks.shape[0] * FcddLoss.Anomalous(network.Map(slice, height, width), masks).item<float>();
            return (normal / validation.Length + anomalous / known.Sum(k => k.Masks.shape[0])) / 2;
        };
    }

    private Tensor[] Trunk(Tensor images)
    {
        using IDisposable inference = no_grad();
        return trunk(images);
    }
}
