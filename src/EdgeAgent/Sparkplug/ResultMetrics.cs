using System.Text.Json;
using Metric = Edge.Agent.Sparkplug.Proto.Payload.Types.Metric;

namespace Edge.Agent.Sparkplug;

/// <summary>A part's record of the journal as metrics. All of them come in every message about a part, so that one message is one part.</summary>
internal static class ResultMetrics
{
    /// <param name="record">Null: no part yet; every metric is null.</param>
    /// <param name="at">When it was decided.</param>
    public static IEnumerable<Metric> Of(string? record, DateTimeOffset at)
    {
        using JsonDocument? json = record is null ? null : JsonDocument.Parse(record);
        JsonElement? part = json?.RootElement;
        return
        [
            SparkplugMetric.Of("Inspection/JobId", Text(part, "jobId"), at),
            SparkplugMetric.Of("Inspection/PartId", Text(part, "partId"), at),
            SparkplugMetric.Of("Inspection/Verdict", Text(part, "verdict"), at),
            SparkplugMetric.Of("Inspection/Reason", Text(part, "reason"), at),
            SparkplugMetric.Of("Inspection/Score", Number(part, "score") is { } score ? (float)score : null, at),
            SparkplugMetric.Of("Inspection/Threshold", Number(part, "threshold") is { } threshold ? (float)threshold : null, at),
            SparkplugMetric.Of("Inspection/Model", Text(part, "model"), at),
            SparkplugMetric.Of("Inspection/Version", Number(part, "version") is { } version ? (int)version : null, at),
            SparkplugMetric.Of("Inspection/Recipe", Text(part, "recipe"), at),
            SparkplugMetric.Of("Inspection/LatencyMs", Latency(part), at),
            SparkplugMetric.Of("Inspection/CapturedAt", Member(part, "capturedAt", JsonValueKind.String)?.GetDateTimeOffset(), at),
        ];
    }

    private static JsonElement? Member(JsonElement? part, string name, JsonValueKind kind) =>
        part is { } json && json.TryGetProperty(name, out JsonElement value) && value.ValueKind == kind ? value : null;

    private static string? Text(JsonElement? part, string name) => Member(part, name, JsonValueKind.String)?.GetString();

    private static double? Number(JsonElement? part, string name) => Member(part, name, JsonValueKind.Number)?.GetDouble();

    /// <summary>From the trigger to the decision.</summary>
    private static double? Latency(JsonElement? part) => Member(part, "latencyMs", JsonValueKind.Object)?.EnumerateObject().Sum(stage => stage.Value.GetDouble());
}
