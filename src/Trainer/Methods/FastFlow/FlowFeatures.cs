using Edge.Training.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.FastFlow;

/// <summary>
/// The frozen trunk's features. Pictures are not augmented, so each one's are computed once and kept, as long as all of them fit in
/// <see cref="MostCached"/>; the others' are computed again for each step, which costs it a tenth.
/// </summary>
/// <param name="images">uint8 [1, H, W, 3] each.</param>
internal sealed class FlowFeatures(TrunkNetwork network, IReadOnlyList<Tensor> images) : IDisposable
{
    private const long MostCached = 1L << 30;   // bytes
    private const int Slice = 4;                // pictures the trunk sees at once

    private readonly Tensor[]?[] cached = new Tensor[]?[images.Count];   // per picture and scale [1, C, h, w]
    private long bytes;

    /// <returns>Per scale [indices, C, h, w], owned by the caller's dispose scope.</returns>
    public Tensor[] Of(int[] indices)
    {
        using IDisposable inference = no_grad();
        if (indices.All(i => cached[i] is not null))
            return [.. Enumerable.Range(0, cached[indices[0]]!.Length).Select(scale => cat([.. indices.Select(i => cached[i]![scale])], dim: 0))];
        Tensor[] features = network.Features(cat([.. indices.Select(i => images[i])], dim: 0));
        for (int i = 0; i < indices.Length; i++)
        {
            if (bytes > MostCached || cached[indices[i]] is not null) continue;
            cached[indices[i]] = Array.ConvertAll(features, f => f[i..(i + 1)].clone().DetachFromDisposeScope());
            bytes += features.Sum(f => f.numel() / indices.Length * sizeof(float));
        }
        return features;
    }

    /// <summary>A few pictures at a time; they are disposed of when the next are asked for.</summary>
    public IEnumerable<(int Count, Tensor[] Features)> Slices(IEnumerable<int> indices)
    {
        foreach (int[] slice in indices.Chunk(Slice))
        {
            using DisposeScope scope = NewDisposeScope();
            yield return (slice.Length, Of(slice));
        }
    }

    public void Dispose()
    {
        foreach (Tensor tensor in cached.SelectMany(t => t ?? [])) tensor.Dispose();
    }
}
