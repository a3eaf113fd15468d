using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Packages;

namespace Edge.Agent.Models;

/// <summary>A canary has passed its probation at a station.</summary>
internal sealed record CanaryVote(string Model, int Version, string Station);

[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(HashSet<CanaryVote>))]
internal sealed partial class CanaryJson : JsonSerializerContext;

/// <summary>At which stations of this agent a canary has passed its probation, over restarts too. Any thread.</summary>
internal sealed partial class CanaryVotes(StateFile file, ILogger log)
{
    private readonly Lock gate = new();
    private HashSet<CanaryVote>? passed;

    /// <returns>True when it has passed at all of its stations.</returns>
    public bool Add(string model, Canary canary, string station)
    {
        lock (gate)
        {
            passed ??= Kept();
            passed.RemoveWhere(v => v.Model == model && v.Version != canary.Version);   // another canary's
            passed.Add(new CanaryVote(model, canary.Version, station));
            try
            {
                file.Write(JsonSerializer.Serialize(passed, CanaryJson.Default.HashSetCanaryVote));
            }
            catch (EdgeException e)
            {
                LogUnwritten(e.Message);
            }
            return canary.Stations.All(s => passed.Contains(new CanaryVote(model, canary.Version, s)));
        }
    }

    private HashSet<CanaryVote> Kept()
    {
        try
        {
            return file.Read() is { } json ? JsonSerializer.Deserialize(json, CanaryJson.Default.HashSetCanaryVote) ?? [] : [];
        }
        catch (Exception e) when (e is EdgeException or JsonException)
        {
            LogUnread(e.Message);
            return [];
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "where canaries have passed their probation is not known any more: {Why}")]
    private partial void LogUnread(string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a restart would forget where a canary has passed its probation: {Why}")]
    private partial void LogUnwritten(string why);
}
