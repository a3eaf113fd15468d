using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Edge.Agent.Sparkplug;

/// <summary>What a host says on STATE, retained.</summary>
/// <param name="Timestamp">Unix time, milliseconds, of the host's session: a message with an older one is not of this session.</param>
internal sealed record HostStateMessage(bool Online, long Timestamp);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectRequiredConstructorParameters = true, MaxDepth = 4)]
[JsonSerializable(typeof(HostStateMessage))]
internal sealed partial class SparkplugJson : JsonSerializerContext;

/// <summary>Whether the primary host is there, as its retained STATE says.</summary>
internal sealed class HostState
{
    private HostStateMessage? last;

    public bool IsOnline => Volatile.Read(ref last) is { Online: true };

    /// <summary>False when it is no STATE message.</summary>
    public bool Receive(ReadOnlySequence<byte> payload)
    {
        try
        {
            Utf8JsonReader reader = new(payload);
            if (JsonSerializer.Deserialize(ref reader, SparkplugJson.Default.HostStateMessage) is not { } state) return false;
            if (last is null || state.Timestamp >= last.Timestamp) Volatile.Write(ref last, state);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Another connection: what is retained comes again.</summary>
    public void Forget() => Volatile.Write(ref last, null);
}
