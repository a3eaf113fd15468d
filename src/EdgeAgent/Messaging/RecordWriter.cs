using System.Buffers;
using System.Text.Json;
using Edge.Journal;

namespace Edge.Agent.Messaging;

/// <summary>Writes a journal entry as the message on <c>record</c>, into one buffer that is used again.</summary>
internal sealed class RecordWriter : IDisposable
{
    private readonly ArrayBufferWriter<byte> buffer = new(2048);
    private readonly Utf8JsonWriter json = new(Stream.Null);

    /// <summary>Valid until the next call. <c>record</c> comes last and byte for byte as the hash covers it.</summary>
    public ReadOnlyMemory<byte> Write(string journal, StationEntry entry, bool historical)
    {
        buffer.ResetWrittenCount();
        json.Reset(buffer);
        json.WriteStartObject();
        json.WriteString("journal"u8, journal);
        json.WriteNumber("seq"u8, entry.Entry.Seq);
        json.WriteNumber("previous"u8, entry.Previous);
        json.WriteBoolean("historical"u8, historical);
        json.WriteString("kind"u8, entry.Entry.Kind);
        json.WriteNumber("atMs"u8, entry.Entry.At.ToUnixTimeMilliseconds());
        json.WriteString("hash"u8, Convert.ToHexStringLower(entry.Entry.Hash));
        json.WritePropertyName("record"u8);
        json.WriteRawValue(entry.Entry.Record, skipInputValidation: true);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    public void Dispose() => json.Dispose();
}
