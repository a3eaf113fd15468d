using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Edge.Training.Backbones;

/// <summary>
/// A .safetensors file, read strictly: an 8-byte little-endian header length, a JSON header
/// <c>{"name": {"dtype", "shape", "data_offsets": [begin, end]}, …}</c>, then the tensors' bytes without gap or overlap.
/// </summary>
internal sealed class Safetensors
{
    private const long LargestFile = 1L << 30, LargestHeader = 16 << 20;

    private sealed record Entry(string Type, long[] Shape, long Begin, long End);

    private readonly Dictionary<string, Entry> entries = [];
    private readonly Dictionary<string, string> metadata = [];
    private readonly byte[] bytes;
    private readonly int dataStart;

    /// <summary>For messages: the file's name.</summary>
    public string Name { get; }

    /// <summary>Of the whole file, lower-case hexadecimal.</summary>
    public string Sha256 { get; }

    /// <summary><c>__metadata__</c>: text by text.</summary>
    public IReadOnlyDictionary<string, string> Metadata => metadata;

    public Safetensors(string name, byte[] content)
    {
        (Name, bytes) = (name, content);
        if (content.Length < 8) throw Refused($"it has {content.Length} bytes; it is empty or truncated");
        ulong header = BinaryPrimitives.ReadUInt64LittleEndian(content);
        if (header > LargestHeader) throw Refused($"its header claims {header} bytes; this is not a safetensors file");
        if (header > (ulong)(content.Length - 8)) throw Refused($"its header claims {header} bytes but {content.Length - 8} follow; it is truncated");
        dataStart = 8 + (int)header;
        try
        {
            using JsonDocument json = JsonDocument.Parse(content.AsMemory(8, (int)header), new JsonDocumentOptions { MaxDepth = 8 });
            foreach (JsonProperty property in json.RootElement.EnumerateObject())
            {
                if (property.Name == "__metadata__")
                    foreach (JsonProperty text in property.Value.EnumerateObject()) metadata[text.Name] = text.Value.GetString() ?? "";
                else if (!entries.TryAdd(property.Name, ReadEntry(property)))
                    throw Refused($"tensor {property.Name} is listed twice");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Refused($"its header is not valid ({e.Message})");
        }
        CheckLayout();
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
    }

    /// <exception cref="EdgeException">Missing, too large or malformed; the message names the file.</exception>
    public static Safetensors Open(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists) throw new EdgeException($"Weights file {path} does not exist.");
            if (file.Length > LargestFile) throw new EdgeException($"Weights file {path} has {file.Length} bytes; more than {LargestFile} is refused.");
            return new Safetensors(file.Name, File.ReadAllBytes(path));
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
        Entry entry = Find(tensor);
        return entry.Shape.Length == rank ? entry.Shape : throw Refused($"tensor {tensor} has shape {Text(entry.Shape)}; expected {rank} dimensions");
    }

    /// <summary>Values of a tensor as float32, row-major.</summary>
    /// <exception cref="EdgeException">Missing, another shape, not a floating-point type, or not finite.</exception>
    public float[] Read(string tensor, params ReadOnlySpan<long> shape)
    {
        if (!entries.TryGetValue(tensor, out Entry? entry)) throw Refused($"tensor {tensor} of shape {Text(shape)} is missing");
        if (!shape.SequenceEqual(entry.Shape)) throw Refused($"tensor {tensor} has shape {Text(entry.Shape)}; expected {Text(shape)}");
        ReadOnlySpan<byte> data = bytes.AsSpan(dataStart + (int)entry.Begin, (int)(entry.End - entry.Begin));
        float[] values = new float[data.Length / SizeOf(entry.Type)];
        switch (entry.Type)
        {
            case "F32":
                data.CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
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
                throw Refused($"tensor {tensor} is {entry.Type}; expected F32, F16 or BF16");
        }
        foreach (float value in values)
            if (!float.IsFinite(value)) throw Refused($"tensor {tensor} holds {value}");
        return values;
    }

    private Entry Find(string tensor) => entries.TryGetValue(tensor, out Entry? entry) ? entry : throw Refused($"tensor {tensor} is missing");

    private Entry ReadEntry(JsonProperty property)
    {
        JsonElement element = property.Value;
        string type = element.GetProperty("dtype").GetString() ?? "";
        long[] shape = [.. element.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
        long[] offsets = [.. element.GetProperty("data_offsets").EnumerateArray().Select(d => d.GetInt64())];
        if (offsets.Length != 2) throw Refused($"tensor {property.Name} has {offsets.Length} data offsets; expected 2");
        return new Entry(type, shape, offsets[0], offsets[1]);
    }

    // Offsets are inside the data, follow each other without gap or overlap, and agree with type and shape.
    private void CheckLayout()
    {
        long end = 0;
        foreach ((string name, Entry entry) in entries.OrderBy(e => e.Value.Begin).ThenBy(e => e.Value.End))
        {
            BigInteger count = entry.Shape.Aggregate(BigInteger.One, (product, side) => product * side);
            if (entry.Shape.Any(side => side < 0)) throw Refused($"tensor {name} has shape {Text(entry.Shape)}");
            string range = $"tensor {name} {entry.Type} {Text(entry.Shape)} at bytes {entry.Begin} to {entry.End}";
            if (entry.Begin < 0 || entry.End < entry.Begin) throw Refused($"{range}: not a range");
            if (entry.End > bytes.Length - dataStart) throw Refused($"{range}: the file has {bytes.Length - dataStart} bytes of data; it is truncated");
            if (entry.Begin != end) throw Refused($"{range}: it {(entry.Begin < end ? "overlaps" : "leaves a gap after")} the tensor before it, which ends at {end}");
            if (count * SizeOf(entry.Type) != entry.End - entry.Begin) throw Refused($"{range}: the shape needs {count * SizeOf(entry.Type)} bytes");
            end = entry.End;
        }
        if (end != bytes.Length - dataStart) throw Refused($"{bytes.Length - dataStart - end} bytes follow the last tensor");
    }

    private int SizeOf(string type) => type switch
    {
        "F64" or "I64" or "U64" => 8,
        "F32" or "I32" or "U32" => 4,
        "F16" or "BF16" or "I16" or "U16" => 2,
        "I8" or "U8" or "BOOL" or "F8_E4M3" or "F8_E5M2" => 1,
        _ => throw Refused($"data type {type} is not known"),
    };

    private EdgeException Refused(string why) => new($"Weights file {Name} is refused: {why}.");

    private static string Text(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";
}
