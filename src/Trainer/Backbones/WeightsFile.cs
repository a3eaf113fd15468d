using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Edge.Training.Backbones.PyTorch;

namespace Edge.Training.Backbones;

/// <summary>Named tensors in a file: .safetensors, or a PyTorch checkpoint. Which of them it is, its first bytes say.</summary>
internal abstract class WeightsFile(string name, byte[] content)
{
    private const long LargestFile = 1L << 30;

    /// <summary>Where a tensor is and what it is. Types are called as in safetensors.</summary>
    protected sealed record Entry(string Type, long[] Shape, long Begin, long End);

    private readonly Dictionary<string, Entry> entries = [];

    /// <summary>For messages: the file's name.</summary>
    public string Name { get; } = name;

    /// <summary>Of the whole file, lower-case hexadecimal.</summary>
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(content));

    protected IReadOnlyDictionary<string, Entry> Entries => entries;

    /// <exception cref="EdgeException">Missing, too large or malformed; the message names the file.</exception>
    public static WeightsFile Open(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists) throw new EdgeException($"Weights file {path} does not exist.");
            if (file.Length > LargestFile) throw new EdgeException($"Weights file {path} has {file.Length} bytes; more than {LargestFile} is refused.");
            byte[] bytes = File.ReadAllBytes(path);
            return PyTorchZip.Recognises(bytes) ? new PyTorchZip(file.Name, bytes)
                : PyTorchLegacy.Recognises(bytes) ? new PyTorchLegacy(file.Name, bytes)
                : new Safetensors(file.Name, bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Weights file {path} can't be read: {e.Message}", e);
        }
    }

    public bool Contains(string tensor) => entries.ContainsKey(tensor);

    /// <summary>Shape of a tensor of rank <paramref name="rank"/>.</summary>
    public IReadOnlyList<long> ShapeOf(string tensor, int rank)
    {
        Entry entry = entries.TryGetValue(tensor, out Entry? found) ? found : throw Refused($"tensor {tensor} is missing");
        return entry.Shape.Length == rank ? entry.Shape : throw Refused($"tensor {tensor} has shape {Text(entry.Shape)}; expected {rank} dimensions");
    }

    /// <summary>Values of a tensor as float32, row-major.</summary>
    /// <exception cref="EdgeException">Missing, another shape, not a floating-point type, or not finite.</exception>
    public float[] Read(string tensor, params ReadOnlySpan<long> shape)
    {
        if (!entries.TryGetValue(tensor, out Entry? entry)) throw Refused($"tensor {tensor} of shape {Text(shape)} is missing");
        if (!shape.SequenceEqual(entry.Shape)) throw Refused($"tensor {tensor} has shape {Text(entry.Shape)}; expected {Text(shape)}");
        ReadOnlySpan<byte> data = DataOf(tensor, entry);
        float[] values = new float[data.Length / SizeOf(entry.Type)];
        switch (entry.Type)
        {
            case "F32":
                data.CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
                break;
            case "F64":
                ReadOnlySpan<double> large = MemoryMarshal.Cast<byte, double>(data);
                for (int i = 0; i < values.Length; i++) values[i] = (float)large[i];
                break;
            case "F16":
                ReadOnlySpan<Half> small = MemoryMarshal.Cast<byte, Half>(data);
                for (int i = 0; i < values.Length; i++) values[i] = (float)small[i];
                break;
            case "BF16":   // the upper half of a float32
                ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(data);
                for (int i = 0; i < values.Length; i++) values[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
                break;
            default:
                throw Refused($"tensor {tensor} is {entry.Type}; expected F32, F64, F16 or BF16");
        }
        foreach (float value in values)
            if (!float.IsFinite(value)) throw Refused($"tensor {tensor} holds {value}");
        return values;
    }

    /// <summary>The tensor's bytes: as many as shape and type need.</summary>
    protected abstract ReadOnlySpan<byte> DataOf(string tensor, Entry entry);

    protected void Add(string tensor, Entry entry)
    {
        if (!entries.TryAdd(tensor, entry)) throw Refused($"tensor {tensor} is listed twice");
    }

    protected int SizeOf(string type) => type switch
    {
        "F64" or "I64" or "U64" => 8,
        "F32" or "I32" or "U32" => 4,
        "F16" or "BF16" or "I16" or "U16" => 2,
        "I8" or "U8" or "BOOL" or "F8_E4M3" or "F8_E5M2" => 1,
        _ => throw Refused($"data type {type} is not known"),
    };

    protected EdgeException Refused(string why) => new($"Weights file {Name} is refused: {why}.");

    protected static string Text(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}
