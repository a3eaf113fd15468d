using Edge.Training.Backbones;
using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Distillation;

/// <summary>What learns from a trunk's features: the same crops, its own outputs, and targets that are standardised channel by channel.</summary>
internal abstract class DistilledNetwork : nn.Module
{
    private readonly Tensor[] means, deviations;   // [1, C, 1, 1] of each target; buffers, so that a checkpoint holds them

    /// <param name="targets">Channels of each target.</param>
    protected DistilledNetwork(string name, params int[] targets) : base(name)
    {
        means = Array.ConvertAll(targets, c => zeros(1, c, 1, 1).DetachFromDisposeScope());
        deviations = Array.ConvertAll(targets, c => ones(1, c, 1, 1).DetachFromDisposeScope());
        for (int i = 0; i < targets.Length; i++)
        {
            register_buffer($"target_mean_{i}", means[i]);
            register_buffer($"target_deviation_{i}", deviations[i]);
        }
    }

    /// <summary>As messages and the file's provenance name it.</summary>
    public abstract string Title { get; }

    /// <summary>What the file holds in the end.</summary>
    public abstract IReadOnlyList<(string Name, long[] Shape, float[] Values)> Weights();

    /// <param name="crops">uint8 [N, 2S, 2S, 3].</param>
    /// <returns>The trunk's features that are to be met, [N, C, h, w] each.</returns>
    public abstract Tensor[] Targets(TrunkNetwork teacher, Tensor crops);

    /// <param name="crops">uint8 [N, 2S, 2S, 3].</param>
    /// <returns>As <see cref="Targets"/>.</returns>
    protected abstract Tensor[] Outputs(Tensor crops);

    /// <summary>Mean squared error to the standardised targets, the mean over them: 1 = nothing is explained, 0 = everything.</summary>
    public Tensor Loss(TrunkNetwork teacher, Tensor crops)
    {
        Tensor[] targets;
        using (no_grad()) targets = Targets(teacher, crops);
        Tensor[] outputs = Outputs(crops);
        Tensor sum = zeros(1, device: TorchRuntime.Device);
        for (int i = 0; i < outputs.Length; i++) sum = sum + nn.functional.mse_loss(outputs[i], (targets[i] - means[i]) / deviations[i]);
        return sum.sum() / outputs.Length;
    }

    /// <summary>Sets mean and deviation of each target from some batches of crops.</summary>
    public void Standardise(TrunkNetwork teacher, IEnumerable<Tensor> batches)
    {
        using IDisposable inference = no_grad();
        ChannelStatistics[] statistics = Array.ConvertAll(means, m => new ChannelStatistics((int)m.shape[1]));
        foreach (Tensor crops in batches)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor[] targets = Targets(teacher, crops);
            for (int i = 0; i < targets.Length; i++) statistics[i].Add(targets[i]);
        }
        using DisposeScope outer = NewDisposeScope();
        for (int i = 0; i < means.Length; i++)
        {
            means[i].copy_(statistics[i].Mean());
            deviations[i].copy_(statistics[i].Deviation());
            statistics[i].Dispose();
        }
    }
}
