using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// From patch embeddings to score and map in TorchSharp. Written for clarity, not for speed: distances in float64, upsampling and
/// smoothing as such.
/// </summary>
internal sealed class BankModel : IDisposable
{
    private readonly MemoryBank bank;
    private readonly Tensor centre, rows, squares, neighbours, kernel;
    private readonly Tensor? components;

    public BankModel(MemoryBank bank)
    {
        this.bank = bank;
        using DisposeScope scope = NewDisposeScope();   // of the intermediate values; what is kept is detached from it and from the caller's
        Device device = TorchRuntime.Device;
        centre = from_array(bank.Centre).to(device).DetachFromDisposeScope();
        if (bank.Components.Length > 0) components = from_array(bank.Components).reshape(bank.Centre.Length, bank.Dimension).to(float64).to(device).DetachFromDisposeScope();
        rows = from_array(bank.Rows).reshape(bank.Count, bank.Dimension).to(float64).to(device).DetachFromDisposeScope();
        squares = rows.square().sum(1).DetachFromDisposeScope();
        neighbours = from_array(bank.Neighbours).reshape(bank.Count, bank.NeighbourCount).to(int64).to(device).DetachFromDisposeScope();
        kernel = from_array(MapSmoothing.Kernel()).reshape(1, 1, -1, 1).to(device).DetachFromDisposeScope();
    }

    /// <param name="embedding">float32 [N, h, w, D], as <see cref="PatchEmbedding"/> gives it.</param>
    /// <returns>float64 [N, h, w, K].</returns>
    public Tensor Centred(Tensor embedding) => embedding.to(float64) - centre is var centred && components is { } w ? centred.matmul(w) : centred;

    /// <param name="embedding">float64 [N, h, w, K], centred and reduced.</param>
    /// <returns>Image scores float32 [N] and anomaly maps float32 [N, <paramref name="height"/>, <paramref name="width"/>], owned by the caller's dispose scope.</returns>
    public (Tensor Score, Tensor Map) Score(Tensor embedding, long height, long width)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        (long n, long h, long w) = (embedding.shape[0], embedding.shape[1], embedding.shape[2]);
        Tensor patches = embedding.reshape(n * h * w, bank.Dimension);
        Tensor distance = squares - 2 * patches.matmul(rows.t()) + patches.square().sum(1, keepdim: true);  // [N·h·w, B]
        (Tensor nearest, Tensor row) = distance.min(1);
        nearest = nearest.clamp(min: 0).sqrt().reshape(n, h * w);
        row = row.reshape(n, h * w);

        // s* = max over patches of the distance to the nearest row m*   (eq. 6)
        (Tensor score, Tensor patch) = nearest.max(1);
        if (bank.NeighbourCount > 0)
        {
            // (1 − e^d(m*) / Σ_{m ∈ N_b(m*)} e^d(m)) · s*   (eq. 7)
            Tensor at = patch.unsqueeze(1);
            Tensor test = embedding.reshape(n, h * w, bank.Dimension).gather(1, at.unsqueeze(2).expand(n, 1, bank.Dimension));   // [N, 1, K]
            Tensor around = rows[neighbours[row.gather(1, at).squeeze(1)]];                                   // [N, b, K]
            Tensor weights = (around - test).square().sum(2).sqrt().softmax(1);                               // m* itself is first
            score = (1 - weights.select(1, 0)) * score;
        }

        Tensor map = nn.functional.interpolate(nearest.reshape(n, 1, h, w), [height, width], mode: InterpolationMode.Bilinear, align_corners: false);
        long r = MapSmoothing.Radius;
        map = nn.functional.conv2d(nn.functional.pad(map, [r, r, r, r], PaddingModes.Reflect), kernel);
        map = nn.functional.conv2d(map, kernel.transpose(2, 3)).squeeze(1);
        return (score.to(float32).cpu().MoveToOuterDisposeScope(), map.to(float32).cpu().MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        foreach (Tensor? tensor in (Tensor?[])[centre, components, rows, squares, neighbours, kernel]) tensor?.Dispose();
    }
}
