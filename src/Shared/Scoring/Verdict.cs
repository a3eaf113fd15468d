using System.Text.Json.Serialization;

namespace Edge.Scoring;

/// <summary>What the line hears about a part. The harmless default is 0: a part nobody decided on is diverted.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
public enum Verdict
{
    [JsonStringEnumMemberName("uninspected")] Uninspected = 0,
    [JsonStringEnumMemberName("accept")] Accept,
    [JsonStringEnumMemberName("reject")] Reject,
    [JsonStringEnumMemberName("review")] Review,
}
