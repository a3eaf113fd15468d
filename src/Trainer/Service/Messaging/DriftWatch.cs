using System.Collections.Concurrent;
using System.Text.Json.Serialization;
using MQTTnet;

namespace Edge.Training.Service.Messaging;

/// <summary>What this service needs of an agent's <c>drift</c> message (docs/mqtt.md); the rest is not looked at.</summary>
internal sealed record DriftNotice(string State, string Model, string? Cause = null, DateTimeOffset? Since = null);

/// <summary>What agents say of their models' scores, as it is now: the topic is retained. Any thread.</summary>
internal sealed class DriftWatch
{
    private const int MaxBytes = 4096, MostStations = 1000;

    private readonly ConcurrentDictionary<string, DriftNotice> last = new(StringComparer.Ordinal);
    private long invalid;

    /// <summary>Messages on a drift topic that are none.</summary>
    public long Invalid => Interlocked.Read(ref invalid);

    public void Receive(MqttApplicationMessage message, Action acknowledge)
    {
        if (message.Payload.Length == 0) last.TryRemove(message.Topic, out _);   // somebody has cleared the retained one
        else if (StrictJson.Parse(message.Payload, MaxBytes, DriftJson.Default.DriftNotice, _ => null, out _) is { } notice && (last.ContainsKey(message.Topic) || last.Count < MostStations)) last[message.Topic] = notice;
        else Interlocked.Increment(ref invalid);
        acknowledge();
    }

    /// <summary>Since when the scores of this model have drifted, on the station where it began last; null = on none. A camera's trouble is none of the model's.</summary>
    public DateTimeOffset? Since(string model) =>
        last.Values.Where(n => n is { State: "drifted", Cause: "product" } && n.Model == model).Max(n => n.Since);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false, MaxDepth = 6)]
[JsonSerializable(typeof(DriftNotice))]
internal sealed partial class DriftJson : JsonSerializerContext;
