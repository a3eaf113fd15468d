using System.IO.Compression;

namespace Edge.Training.Backbones.PyTorch;

/// <summary>
/// PyTorch's checkpoint since 1.6: a zip with a pickle (<c>NAME/data.pkl</c>) that says which tensor is where, and the numbers (<c>NAME/data/0</c>, …). Nothing is
/// extracted to disk and nothing of the pickle is executed.
/// </summary>
internal sealed class PyTorchZip : PyTorchCheckpoint
{
    private const int LargestPickle = 64 << 20, MostEntries = 1 << 16;

    private readonly Dictionary<string, byte[]> storages = [];

    public static bool Recognises(ReadOnlySpan<byte> bytes) => bytes.StartsWith("PK\x03\x04"u8);

    public PyTorchZip(string name, byte[] content) : base(name, content)
    {
        try
        {
            using ZipArchive archive = new(new MemoryStream(content, writable: false), ZipArchiveMode.Read);
            if (archive.Entries.Count > MostEntries) throw Refused($"it has {archive.Entries.Count} files inside");
            ZipArchiveEntry[] pickles = [.. archive.Entries.Where(e => e.FullName.Split('/') is [_, "data.pkl"])];
            if (pickles.Length != 1) throw Refused("it is a zip, but not PyTorch's (it has no data.pkl, or several)");
            string folder = pickles[0].FullName.Split('/')[0];
            if (archive.GetEntry($"{folder}/byteorder") is { } order && !Bytes(order, 16).AsSpan().StartsWith("little"u8)) throw Refused("its numbers are big-endian");
            Take(new PickleReader(Bytes(pickles[0], LargestPickle), 0, Refused).Read());
            ReadStorages(archive, folder, content.Length);
        }
        catch (InvalidDataException e)
        {
            throw Refused($"its zip is damaged or cut off ({e.Message})");
        }
    }

    /// <param name="budget">Bytes that all of them together may have: the file's, as nothing is compressed.</param>
    private void ReadStorages(ZipArchive archive, string folder, long budget)
    {
        foreach (PickleStorage storage in Entries.Keys.Select(StorageOf).DistinctBy(s => s.Key))
        {
            ZipArchiveEntry file = archive.GetEntry($"{folder}/data/{storage.Key}") ?? throw Refused($"data/{storage.Key}, which its pickle names, is missing");
            if (file.Length / SizeOf(storage.Type) != storage.Count || file.Length % SizeOf(storage.Type) != 0)
                throw Refused($"data/{storage.Key} has {file.Length} bytes, which are not {storage.Count} numbers of {storage.Type}");
            if ((budget -= file.Length) < 0) throw Refused("its parts are larger than itself");
            storages[storage.Key] = Bytes(file, (int)file.Length);
        }
    }

    protected override ReadOnlySpan<byte> DataOf(string tensor, Entry entry) => storages[StorageOf(tensor).Key].AsSpan((int)entry.Begin, (int)(entry.End - entry.Begin));

    private byte[] Bytes(ZipArchiveEntry entry, int most)
    {
        if (entry.Length > most) throw Refused($"{entry.FullName} has {entry.Length} bytes; at most {most} are expected");
        using Stream stream = entry.Open();
        byte[] bytes = new byte[entry.Length];
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return read == bytes.Length ? bytes : throw Refused($"{entry.FullName} is cut off");
    }
}
