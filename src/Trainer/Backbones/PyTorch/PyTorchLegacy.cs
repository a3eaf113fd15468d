using System.Buffers.Binary;

namespace Edge.Training.Backbones.PyTorch;

/// <summary>
/// PyTorch's checkpoint before 1.6, as torchvision's older files still are: five pickles (magic number, version, machine, state_dict, keys), then each storage as
/// its count and its numbers.
/// </summary>
internal sealed class PyTorchLegacy : PyTorchCheckpoint
{
    // PROTO 2, LONG1 of 10 bytes: 0x1950a86a20f9469cfc6c, STOP; PROTO 2, BININT2 1001, STOP.
    private static readonly byte[] Start =
        [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.', 0x80, 2, (byte)'M', 0xe9, 3, (byte)'.'];

    private readonly byte[] content;
    private readonly Dictionary<string, (long Begin, long Count)> storages = [];

    public static bool Recognises(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Start);

    public PyTorchLegacy(string name, byte[] content) : base(name, content)
    {
        this.content = content;
        int at = Start.Length;
        (object? Value, IReadOnlyDictionary<string, PickleStorage> Storages) Next()
        {
            PickleReader reader = new(content, at, Refused);
            object? value = reader.Read();
            at = reader.Position;
            return (value, reader.Storages);
        }
        Next();   // the machine it was written on
        (object? weights, IReadOnlyDictionary<string, PickleStorage> known) = Next();
        if (Next().Value is not List<object?> keys) throw Refused("its list of storages is missing");
        Take(weights);
        long position = at;
        foreach (object? key in keys)
        {
            if (key is not string text || !known.TryGetValue(text, out PickleStorage? storage)) throw Refused($"its storage {key} belongs to no tensor");
            if (content.Length - position < sizeof(long)) throw Refused($"its storage {key} is missing; it is truncated");
            long count = BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan((int)position));
            position += sizeof(long);
            if (count != storage.Count || count > (content.Length - position) / SizeOf(storage.Type)) throw Refused($"its storage {key} has not the {storage.Count} numbers that it should have; it is truncated or damaged");
            storages[text] = (position, count);
            position += count * SizeOf(storage.Type);
        }
        if (position != content.Length) throw Refused($"{content.Length - position} bytes follow the last storage");
    }

    protected override ReadOnlySpan<byte> DataOf(string tensor, Entry entry) => storages.TryGetValue(StorageOf(tensor).Key, out (long Begin, long Count) storage)
        ? content.AsSpan((int)(storage.Begin + entry.Begin), (int)(entry.End - entry.Begin)) : throw Refused($"tensor {tensor} is missing");
}
