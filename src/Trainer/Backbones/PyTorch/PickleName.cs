namespace Edge.Training.Backbones.PyTorch;

/// <summary>A Python name that a state_dict may use. It stands for itself: nothing is imported.</summary>
internal sealed record PickleName(string Name)
{
    private const string Dictionary = "collections.OrderedDict", Tensor = "torch._utils._rebuild_tensor_v2", Parameter = "torch._utils._rebuild_parameter", Size = "torch.Size";

    /// <summary>Storage classes, and the types as safetensors calls them.</summary>
    public static IReadOnlyDictionary<string, string> Storages { get; } = new Dictionary<string, string>
    {
        ["torch.FloatStorage"] = "F32",
        ["torch.HalfStorage"] = "F16",
        ["torch.BFloat16Storage"] = "BF16",
        ["torch.DoubleStorage"] = "F64",
        ["torch.LongStorage"] = "I64",
        ["torch.IntStorage"] = "I32",
        ["torch.ShortStorage"] = "I16",
        ["torch.CharStorage"] = "I8",
        ["torch.ByteStorage"] = "U8",
        ["torch.BoolStorage"] = "BOOL",
    };

    public static PickleName Of(string module, string name, Func<string, EdgeException> refused)
    {
        string whole = $"{module}.{name}";
        return whole is Dictionary or Tensor or Parameter or Size || Storages.ContainsKey(whole) ? new PickleName(whole)
            : throw refused($"it holds {whole}, which is more than weights and could be code. Save the weights alone: torch.save(model.state_dict(), FILE), or safetensors.torch.save_file");
    }

    /// <summary>What the pickle wants called, done here without Python.</summary>
    public static object? Call(object? arguments, object? callee, Func<string, EdgeException> refused) => (callee, arguments) switch
    {
        (PickleName { Name: Dictionary }, object?[] and []) => new Dictionary<string, object?>(),
        (PickleName { Name: Tensor }, object?[] and [PickleStorage storage, long offset, object?[] size, object?[] stride, ..]) => new PickleTensor(storage, offset, Numbers(size, refused), Numbers(stride, refused)),
        (PickleName { Name: Parameter }, object?[] and [PickleTensor data, ..]) => data,
        (PickleName { Name: Size }, object?[] and [object?[] sides]) => sides,
        (PickleName known, _) => throw refused($"its pickle uses {known.Name} in a way that is not understood"),
        _ => throw refused("its pickle is malformed: it calls something without a name"),
    };

    private static long[] Numbers(object?[] values, Func<string, EdgeException> refused) =>
        [.. values.Select(v => v is long and >= 0 and var number ? number : throw refused("its pickle has a tensor whose shape is not made of numbers"))];
}

/// <summary>Where a tensor's numbers are: data/KEY in the zip.</summary>
/// <param name="Type">As in safetensors.</param>
/// <param name="Count">Numbers in it.</param>
internal sealed record PickleStorage(string Type, string Key, long Count)
{
    /// <param name="id">("storage", class, key, device, count[, view]).</param>
    public static PickleStorage Of(object? id, Func<string, EdgeException> refused) =>
        id is object?[] and ["storage", PickleName name, string key, string, long and >= 0 and var count, ..] parts && parts is { Length: 5 } or [.., null]
            && PickleName.Storages.TryGetValue(name.Name, out string? type) && key.Length is > 0 and <= 64 && key.All(char.IsAsciiLetterOrDigit)
            ? new PickleStorage(type, key, count) : throw refused("its pickle refers to something that is no storage of numbers");
}

/// <param name="Offset">Of the first number in the storage.</param>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Stride);
