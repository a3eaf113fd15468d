using Edge.Training.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// PatchCore in TorchSharp: what the exported graph is compared with. Written for clarity, not for speed: distances in float64,
/// upsampling and smoothing as such.
/// </summary>
internal sealed class PatchCoreModel : IDisposable
{
    private readonly TrunkNetwork network;
    private readonly MemoryBank bank;
    private readonly Tensor rows, squares, neighbours, kernel;

    public PatchCoreModel(Trunk trunk, MemoryBank bank)
    {
        (network, this.bank) = (new TrunkNetwork(trunk), bank);
        using DisposeScope scope = NewDisposeScope();   // of the intermediate values; what is kept is detached from it and from the caller's
        rows = from_array(bank.Rows).reshape(bank.Count, bank.Dimension).to(float64).to(network.Device).DetachFromDisposeScope();
        squares = rows.square().sum(1).DetachFromDisposeScope();
        neighbours = from_array(bank.Neighbours).reshape(bank.Count, bank.NeighbourCount).to(int64).to(network.Device).DetachFromDisposeScope();
        kernel = from_array(MapSmoothing.Kernel()).reshape(1, 1, -1, 1).to(network.Device).DetachFromDisposeScope();
    }

    /// <param name="image">uint8 [N, H, W, 3], RGB.</param>
    /// <returns>Image scores float32 [N] and anomaly maps float32 [N, H, W], owned by the caller's dispose scope.</returns>
    public (Tensor Score, Tensor Map) Score(Tensor image)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        (Tensor layer2, Tensor layer3) = network.Forward(image);
        Tensor embedding = PatchEmbedding.Of(layer2, layer3).to(float64);                                     // [N, h, w, D]
        (long n, long h, long w) = (embedding.shape[0], embedding.shape[1], embedding.shape[2]);
        Tensor patches = embedding.reshape(n * h * w, bank.Dimension);
        Tensor distance = squares - 2 * patches.matmul(rows.t()) + patches.square().sum(1, keepdim: true);  // [N·h·w, B]
        (Tensor nearest, Tensor row) = distance.min(1);
        nearest = nearest.clamp(min: 0).sqrt().reshape(n, h * w);
        row = row.reshape(n, h * w);

        // s* = max over patches of the distance to the nearest row m*; score = (1 − e^d(m*) / Σ_{m ∈ N_b(m*)} e^d(m)) · s*   (eq. 6, 7)
        (Tensor farthest, Tensor patch) = nearest.max(1);
        Tensor at = patch.unsqueeze(1);
        Tensor test = embedding.reshape(n, h * w, bank.Dimension).gather(1, at.unsqueeze(2).expand(n, 1, bank.Dimension));   // [N, 1, D]
        Tensor around = rows[neighbours[row.gather(1, at).squeeze(1)]];                                       // [N, b, D]
        Tensor weights = (around - test).square().sum(2).sqrt().softmax(1);                                   // m* itself is first
        Tensor score = (1 - weights.select(1, 0)) * farthest;

        Tensor map = nn.functional.interpolate(
            nearest.reshape(n, 1, h, w), [image.shape[1], image.shape[2]], mode: InterpolationMode.Bilinear, align_corners: false);
        long r = MapSmoothing.Radius;
        map = nn.functional.conv2d(nn.functional.pad(map, [r, r, r, r], PaddingModes.Reflect), kernel);
        map = nn.functional.conv2d(map, kernel.transpose(2, 3)).squeeze(1);
        return (score.to(float32).cpu().MoveToOuterDisposeScope(), map.to(float32).cpu().MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        network.Dispose();
        foreach (Tensor tensor in (Tensor[])[rows, squares, neighbours, kernel]) tensor.Dispose();
    }
}
