using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Networks;

/// <summary>Everything a step changes: the network's parameters and buffers, and Adam's moments, as named arrays.</summary>
internal sealed class NetworkState
{
    private readonly (string Name, Tensor Value)[] network, moments;
    private readonly Adam.State[] adam;

    public NetworkState(nn.Module network, Adam optimizer)
    {
        this.network = [.. network.named_parameters().Select(p => (p.name, (Tensor)p.parameter)), .. network.named_buffers().Where(b => b.buffer.is_floating_point()).Select(b => (b.name, b.buffer))];
        adam = [.. optimizer.state_dict().State.Cast<Adam.State>()];
        moments = [.. adam.SelectMany((s, i) => new[] { ($"adam.{i}.exp_avg", s.exp_avg), ($"adam.{i}.exp_avg_sq", s.exp_avg_sq) })];
    }

    /// <summary>Steps Adam has made.</summary>
    public long Steps
    {
        get => adam.Length == 0 ? 0 : adam[0].step;
        set { foreach (Adam.State state in adam) state.step = value; }
    }

    public IReadOnlyList<(string Name, long[] Shape, float[] Values)> Network() => Copy(network);

    public IReadOnlyList<(string Name, long[] Shape, float[] Values)> Moments() => Copy(moments);

    public void SetNetwork(Func<string, long[], float[]> read) => Set(network, read);

    public void SetMoments(Func<string, long[], float[]> read) => Set(moments, read);

    private static (string Name, long[] Shape, float[] Values)[] Copy((string Name, Tensor Value)[] tensors) => [.. tensors.Select(t => (t.Name, t.Value.shape, t.Value.Values<float>()))];

    private static void Set((string Name, Tensor Value)[] tensors, Func<string, long[], float[]> read)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor value) in tensors) value.copy_(from_array(read(name, value.shape)).reshape(value.shape));
    }
}
