using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Networks;

/// <summary>
/// A frozen network's features. Pictures are not augmented, so each one's are computed once and kept, as long as all of them fit in
/// <see cref="MostCached"/>; the others' are computed again for each step.
/// </summary>
/// <param name="network">uint8 [N, H, W, 3] → float32 [N, C, h, w] of each layer.</param>
/// <param name="images">uint8 [1, H, W, 3] each.</param>
internal sealed class CachedFeatures(Func<Tensor, Tensor[]> network, IReadOnlyList<Tensor> images) : IDisposable
{
    private const long MostCached = 1L << 30;   // bytes
    private const int Slice = 4;                // pictures the network sees at once

    private readonly Tensor[]?[] cached = new Tensor[]?[images.Count];   // per picture and layer [1, C, h, w]
    private long bytes;

    /// <returns>Per layer [indices, C, h, w], owned by the caller's dispose scope.</returns>
    public Tensor[] Of(int[] indices)
    {
        using IDisposable inference = no_grad();
        if (indices.All(i => cached[i] is not null))
            return [.. Enumerable.Range(0, cached[indices[0]]!.Length).Select(layer => cat([.. indices.Select(i => cached[i]![layer])], dim: 0))];
        Tensor[] features = network(cat([.. indices.Select(i => images[i])], dim: 0));
        for (int i = 0; i < indices.Length; i++)
        {
            if (bytes > MostCached || cached[indices[i]] is not null) continue;
            cached[indices[i]] = Array.ConvertAll(features, f => f[i..(i + 1)].clone().DetachFromDisposeScope());
            bytes += features.Sum(f => f.numel() / indices.Length * sizeof(float));
        }
        return features;
    }

    /// <summary>A few pictures at a time; they are disposed of when the next are asked for.</summary>
    public IEnumerable<(int[] Indices, Tensor[] Features)> Slices(IEnumerable<int> indices)
    {
        foreach (int[] slice in indices.Chunk(Slice))
        {
            using DisposeScope scope = NewDisposeScope();
            yield return (slice, Of(slice));
        }
    }

    /// <summary>Of each layer's channels over some pictures; the first pass over them, which also fills the cache.</summary>
    /// <param name="prepare">What is made of a layer's features [N, C, h, w] first.</param>
    public ChannelStatistics[] Statistics(int[] pictures, Func<Tensor, Tensor> prepare, Action<double> progress, CancellationToken cancellation)
    {
        using IDisposable inference = no_grad();
        ChannelStatistics[]? layers = null;
        int done = 0;
        foreach ((int[] some, Tensor[] slice) in Slices(pictures))
        {
            cancellation.ThrowIfCancellationRequested();
            layers ??= Array.ConvertAll(slice, x => new ChannelStatistics((int)x.shape[1]));
            foreach ((ChannelStatistics layer, Tensor x) in layers.Zip(slice)) layer.Add(prepare(x));
            progress((double)(done += some.Length) / pictures.Length);
        }
        return layers!;
    }

    public void Dispose()
    {
        foreach (Tensor tensor in cached.SelectMany(t => t ?? [])) tensor.Dispose();
    }
}
