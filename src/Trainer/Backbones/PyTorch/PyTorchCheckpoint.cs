using System.Numerics;

namespace Edge.Training.Backbones.PyTorch;

/// <summary>What both of PyTorch's formats share: a state_dict of tensors, by name.</summary>
internal abstract class PyTorchCheckpoint(string name, byte[] content) : WeightsFile(name, content)
{
    // Where training scripts put the weights beside other things.
    private static readonly string[] Wrappers = ["state_dict", "model_state_dict", "model", "weights"];
    private const string Parallel = "module.";   // what DataParallel puts before every name

    private readonly Dictionary<string, PickleTensor> tensors = [];

    /// <summary>The tensors of the unpickled dictionary; whatever else is in it is ignored.</summary>
    protected void Take(object? unpickled)
    {
        if (unpickled is not Dictionary<string, object?> dictionary) throw Refused("it does not hold a dictionary of tensors. Save the weights: torch.save(model.state_dict(), FILE)");
        foreach (string wrapper in Wrappers)
            if (dictionary.TryGetValue(wrapper, out object? inner) && inner is Dictionary<string, object?> weights) dictionary = weights;
        KeyValuePair<string, object?>[] found = [.. dictionary.Where(d => d.Value is PickleTensor)];
        if (found.Length == 0) throw Refused("it holds no tensors");
        bool parallel = found.All(f => f.Key.StartsWith(Parallel, StringComparison.Ordinal));
        foreach ((string key, object? value) in found)
        {
            string tensor = parallel ? key[Parallel.Length..] : key;
            tensors.Add(tensor, (PickleTensor)value!);
            Add(tensor, EntryOf(tensor, (PickleTensor)value!));
        }
    }

    protected PickleStorage StorageOf(string tensor) => tensors[tensor].Storage;

    // Bytes within the storage.
    private Entry EntryOf(string name, PickleTensor tensor)
    {
        BigInteger count = tensor.Shape.Aggregate(BigInteger.One, (product, side) => product * side);
        if (tensor.Offset < 0 || count + tensor.Offset > tensor.Storage.Count) throw Refused($"tensor {name} {Text(tensor.Shape)} does not fit into its storage of {tensor.Storage.Count}");
        long expected = 1;
        for (int i = tensor.Shape.Length - 1; i >= 0; i--)
        {
            if (tensor.Stride.Length != tensor.Shape.Length || (tensor.Shape[i] > 1 && tensor.Stride[i] != expected))
                throw Refused($"tensor {name} is not stored row by row (strides {Text(tensor.Stride)}). Save it with .contiguous()");
            expected *= tensor.Shape[i];
        }
        int size = SizeOf(tensor.Storage.Type);
        return new Entry(tensor.Storage.Type, tensor.Shape, tensor.Offset * size, (tensor.Offset + (long)count) * size);
    }
}
