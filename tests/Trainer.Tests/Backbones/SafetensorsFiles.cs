using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Edge.Tests.Backbones;

/// <summary>Writes .safetensors files, good and bad.</summary>
internal static class SafetensorsFiles
{
    public static byte[] Of(string header, ReadOnlySpan<byte> data, ulong? claimedLength = null)
    {
        byte[] json = Encoding.UTF8.GetBytes(header), file = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, claimedLength ?? (ulong)json.Length);
        json.CopyTo(file, 8);
        data.CopyTo(file.AsSpan(8 + json.Length));
        return file;
    }

    public static byte[] Of(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> tensors)
    {
        List<string> entries = ["\"__metadata__\":{\"source\":\"test\"}"];
        List<byte> data = [];
        foreach ((string name, (long[] shape, float[] values)) in tensors)
        {
            int begin = data.Count;
            data.AddRange(MemoryMarshal.AsBytes(values.AsSpan()));
            entries.Add(string.Create(CultureInfo.InvariantCulture, $"\"{name}\":{{\"dtype\":\"F32\",\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[{begin},{data.Count}]}}"));
        }
        return Of($"{{{string.Join(',', entries)}}}", [.. data]);
    }
}
