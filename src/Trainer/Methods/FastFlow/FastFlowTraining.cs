using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.FastFlow;

/// <summary>Maximises the likelihood of normal pictures' features (FastFlow, section 3).</summary>
/// <param name="features">Of training and validation pictures.</param>
/// <param name="normals">Indices of pictures and number of the step → what the step learns from them, per layer [indices, C, h, w].</param>
/// <param name="training">Indices of the pictures that are trained on.</param>
/// <param name="validation">Indices of normal pictures that choose the best epoch; may be empty.</param>
/// <param name="noise">Standard deviation, over that of the channel.</param>
internal sealed class FastFlowTraining(FlowNetwork network, CachedFeatures features, Func<int[], int, Tensor[]> normals, int[] training, int[] validation, double noise, int seed)
{
    /// <summary>Sets each scale's gain and offset from the training pictures; the first pass, which also fills the cache.</summary>
    public void Standardise(Action<double> progress, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach ((ScaleFlow scale, ChannelStatistics statistics) in network.Scales.Zip(features.Statistics(training, ScaleFlow.LayerNorm, progress, cancellation)))
        {
            scale.Standardise(statistics);
            statistics.Dispose();
        }
    }

    /// <summary>
    /// Mean over the pictures, a scalar with gradient. Features are standardised, and noise is added: after ReLU a great share of them is exactly 0,
    /// so their density has no bound, and without noise the flow spends itself on stretching those values, and rounding errors with them.
    /// </summary>
    /// <param name="step">Draws the noise together with the seed.</param>
    public Tensor Loss(int[] batch, int step)
    {
        using Generator generator = new((ulong)(seed * 1_000_003L + step), TorchRuntime.Device);
        Tensor[] clean = network.Normalise(normals(Array.ConvertAll(batch, i => training[i]), step));
        return network.NegativeLogLikelihood([.. clean.Select(x => x + randn(x.shape, device: x.device, generator: generator) * noise)]).mean();
    }

    /// <summary>null where nothing validates: the last epoch is taken.</summary>
    public Func<double>? Validation => validation.Length == 0 ? null : () =>
    {
        double sum = 0;
        foreach ((_, Tensor[] slice) in features.Slices(validation)) sum += network.NegativeLogLikelihood(network.Normalise(slice)).sum().item<float>();
        return sum / validation.Length;
    };
}
