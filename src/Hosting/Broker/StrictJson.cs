using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Edge.Hosting;

/// <summary>Reads what others send: bounded, no unknown member, no member twice, never throwing.</summary>
internal static class StrictJson
{
    /// <param name="check">Null when the message is valid; else why it is not.</param>
    public static T? Parse<T>(ReadOnlySequence<byte> payload, int maxBytes, JsonTypeInfo<T> type, Func<T, string?> check, out string? why) where T : class
    {
        why = null;
        if (payload.Length > maxBytes)
        {
            why = $"{payload.Length} bytes, at most {maxBytes} are read";
            return null;
        }
        try
        {
            ReadOnlySpan<byte> json = payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray();
            T? message = JsonSerializer.Deserialize(json, type);
            why = message is null ? "null" : check(message);
            return why is null ? message : null;
        }
        catch (JsonException e)
        {
            why = e.Message;
            return null;
        }
    }
}
