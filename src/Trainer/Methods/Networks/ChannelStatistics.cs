using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Networks;

/// <summary>
/// Mean and deviation of each channel over any number of pictures, in float64 and one pass: batches' means and sums of squared deviations are
/// merged (Chan, Golub and LeVeque 1979), so a large mean does not swallow a small deviation as E[x²] − E[x]² would.
/// </summary>
internal sealed class ChannelStatistics(int channels) : IDisposable
{
    private readonly Tensor mean = zeros(channels, float64).DetachFromDisposeScope(), squares = zeros(channels, float64).DetachFromDisposeScope();
    private long count;

    /// <param name="x">[N, C, h, w].</param>
    public void Add(Tensor x)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor values = x.detach().cpu().to(float64);
        long added = values.numel() / channels;
        Tensor its = values.mean([0, 2, 3], keepdim: true);
        Tensor deviations = (values - its).square().sum([0, 2, 3]), difference = its.reshape(-1) - mean;
        squares.add_(deviations + difference.square() * ((double)count * added / (count + added)));
        mean.add_(difference * ((double)added / (count + added)));
        count += added;
    }

    /// <returns>float32 [1, C, 1, 1], owned by the caller's dispose scope.</returns>
    public Tensor Mean() => mean.to(float32).reshape(1, channels, 1, 1).to(TorchRuntime.Device);

    /// <summary>Of the population; a channel that never changes has the smallest positive deviation instead of 0, by which nothing could be divided.</summary>
    /// <returns>float32 [1, C, 1, 1], owned by the caller's dispose scope.</returns>
    public Tensor Deviation() => (squares / Math.Max(count, 1)).sqrt().clamp(min: 1e-6).to(float32).reshape(1, channels, 1, 1).to(TorchRuntime.Device);

    public void Dispose()
    {
        mean.Dispose();
        squares.Dispose();
    }
}
