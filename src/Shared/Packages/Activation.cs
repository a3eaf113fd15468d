using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Edge.Packages;

/// <summary>A version was named to run: one line of <c>models/&lt;name&gt;/history.jsonl</c>.</summary>
/// <param name="From">Before; null = the first.</param>
/// <param name="To">From now on; 0 = none (of a shadow or a canary).</param>
/// <param name="By">Whoever asked: user@machine, or the station that was told to.</param>
/// <param name="Why">In their words.</param>
/// <param name="Role">As what; null = current, what decides.</param>
public sealed record Activation(
    DateTimeOffset At, int? From, int To, string By, string? Why, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Role = null)
{
    /// <summary>A <see cref="Role"/>: runs beside and decides nothing.</summary>
    public const string Shadow = "shadow";

    /// <summary>A <see cref="Role"/>: decides at this station, others keep current.</summary>
    public static string CanaryAt(string station) => $"canary at {station}";

    internal static string ThisUser => $"{Environment.UserName}@{Environment.MachineName}";

    internal void AppendTo(string file)
    {
        using FileStream stream = new(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        bool torn = false;   // a power cut left half a line: it stays one line
        if (stream.Length > 0)
        {
            stream.Seek(-1, SeekOrigin.End);
            torn = stream.ReadByte() != '\n';
        }
        stream.Write(Encoding.UTF8.GetBytes($"{(torn ? "\n" : "")}{JsonSerializer.Serialize(this, ActivationJson.Default.Activation)}\n"));
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Oldest first; lines that are none are passed over.</summary>
    internal static IEnumerable<Activation> Read(string file)
    {
        if (!File.Exists(file)) yield break;
        foreach (string line in File.ReadLines(file))
            if (Parse(line) is { } activation) yield return activation;
    }

    private static Activation? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ActivationJson.Default.Activation);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Activation))]
internal sealed partial class ActivationJson : JsonSerializerContext;
