using Edge.Training.Methods.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Edge.Training.Methods.FastFlow;

/// <summary>
/// One step of a normalizing flow: channels are permuted, then the second half is scaled and shifted by what a small convolutional
/// network makes of the first (affine coupling): y₁ = x₁, y₂ = x₂ · exp(s) + t with s = <see cref="Clamp"/> · tanh(a) and (a, t) = <see cref="Damping"/> · subnet(x₁). The clamp keeps
/// one step's scale between 1/e and e, so neither direction can overflow.
/// </summary>
internal sealed class FlowStep : nn.Module<Tensor, (Tensor Output, Tensor LogDeterminant)>
{
    public const double Clamp = 1;

    /// <summary>Of the subnet's output, as in FrEIA: Adam's first steps, equal for all weights, add up over channels and steps.</summary>
    public const double Damping = 0.1;

    private readonly Conv2d first, second;
    private readonly Tensor passive, active, inverse;   // int64 indices of channels

    /// <summary>Channel i of the permuted input is channel <c>Permutation[i]</c>; the first <c>Permutation.Length / 2</c> condition the others.</summary>
    public int[] Permutation { get; }
    public int Kernel { get; }
    public Conv2d First => first;
    public Conv2d Second => second;

    /// <param name="random">Draws permutation and weights, so that a seed means the same in every version of torch.</param>
    public FlowStep(int channels, int kernel, double hiddenRatio, Random random) : base(nameof(FlowStep))
    {
        int half = channels / 2, hidden = Math.Max(1, (int)(half * hiddenRatio));
        Kernel = kernel;
        Permutation = [.. Enumerable.Range(0, channels)];
        random.Shuffle(Permutation);
        first = nn.Conv2d(half, hidden, kernel, padding: kernel / 2);
        second = nn.Conv2d(hidden, 2 * (channels - half), kernel, padding: kernel / 2);
        Initialisation.He(first, random);
        using (no_grad())
        {
            second.weight.zero_();   // the flow starts as a permutation
            second.bias!.zero_();
        }
        passive = Indices(Permutation[..half]);
        active = Indices(Permutation[half..]);
        inverse = Indices([.. Enumerable.Range(0, channels).OrderBy(i => Permutation[i])]);
        RegisterComponents();
    }

    /// <param name="x">[N, C, h, w].</param>
    /// <returns>[N, C, h, w] and log |det ∂y/∂x| [N].</returns>
    public override (Tensor Output, Tensor LogDeterminant) forward(Tensor x)
    {
        Tensor kept = x.index_select(1, passive);
        (Tensor scale, Tensor shift) = Coupling(kept);
        Tensor output = cat([kept, x.index_select(1, active) * scale.exp() + shift], dim: 1);
        return (output, scale.sum([1, 2, 3]));
    }

    /// <summary>The x whose <see cref="forward"/> is y.</summary>
    public Tensor Inverse(Tensor y)
    {
        Tensor[] halves = y.split([passive.shape[0], active.shape[0]], dim: 1);
        (Tensor scale, Tensor shift) = Coupling(halves[0]);
        return cat([halves[0], (halves[1] - shift) * (-scale).exp()], dim: 1).index_select(1, inverse);
    }

    private (Tensor Scale, Tensor Shift) Coupling(Tensor kept)
    {
        Tensor[] both = (second.call(first.call(kept).relu_()) * Damping).chunk(2, dim: 1);   // [N, C − C/2, h, w] each
        return (both[0].tanh() * Clamp, both[1]);
    }

    private static Tensor Indices(int[] channels) => from_array(Array.ConvertAll(channels, c => (long)c)).DetachFromDisposeScope();
}
