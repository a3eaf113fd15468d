using Edge.Training.Backbones;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.PatchCore;

/// <summary>PatchCore in TorchSharp: what the exported graph is compared with.</summary>
internal sealed class PatchCoreModel(Trunk trunk, MemoryBank bank) : IDisposable
{
    private readonly TrunkNetwork network = new(trunk);
    private readonly BankModel scoring = new(bank);

    /// <param name="image">uint8 [N, H, W, 3], RGB.</param>
    /// <returns>Image scores float32 [N] and anomaly maps float32 [N, H, W], owned by the caller's dispose scope.</returns>
    public (Tensor Score, Tensor Map) Score(Tensor image)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        (Tensor layer2, Tensor layer3) = network.Forward(image);
        (Tensor score, Tensor map) = scoring.Score(scoring.Centred(PatchEmbedding.Of(layer2, layer3)), image.shape[1], image.shape[2]);
        return (score.MoveToOuterDisposeScope(), map.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        network.Dispose();
        scoring.Dispose();
    }
}
