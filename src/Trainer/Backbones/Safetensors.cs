using System.Buffers.Binary;
using System.Numerics;
using System.Text.Json;

namespace Edge.Training.Backbones;

/// <summary>
/// A .safetensors file, read strictly: an 8-byte little-endian header length, a JSON header
/// <c>{"name": {"dtype", "shape", "data_offsets": [begin, end]}, …}</c>, then the tensors' bytes without gap or overlap.
/// </summary>
internal sealed class Safetensors : WeightsFile
{
    private const long LargestHeader = 16 << 20;

    private readonly Dictionary<string, string> metadata = [];
    private readonly byte[] bytes;
    private readonly int dataStart;

    /// <summary><c>__metadata__</c>: text by text.</summary>
    public IReadOnlyDictionary<string, string> Metadata => metadata;

    public Safetensors(string name, byte[] content) : base(name, content)
    {
        bytes = content;
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
                else Add(property.Name, ReadEntry(property));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Refused($"its header is not valid ({e.Message})");
        }
        CheckLayout();
    }

    /// <exception cref="EdgeException">Missing, too large or malformed; the message names the file.</exception>
    public static new Safetensors Open(string path) =>
        WeightsFile.Open(path) as Safetensors ?? throw new EdgeException($"{path} is not a safetensors file.");

    /// <summary>Weights that are part of this program.</summary>
    public static Safetensors OpenEmbedded(string name)
    {
        using Stream resource = typeof(Safetensors).Assembly.GetManifestResourceStream($"{name}.safetensors")
            ?? throw new InvalidOperationException($"{name}.safetensors is not embedded.");
        byte[] bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return new Safetensors($"{name}.safetensors", bytes);
    }

    protected override ReadOnlySpan<byte> DataOf(string tensor, Entry entry) => bytes.AsSpan(dataStart + (int)entry.Begin, (int)(entry.End - entry.Begin));

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
        foreach ((string name, Entry entry) in Entries.OrderBy(e => e.Value.Begin).ThenBy(e => e.Value.End))
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
}
