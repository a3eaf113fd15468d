namespace Edge.Tests.Docs;

/// <summary>
/// What is on <c>verdict</c>, as a type: the agent writes it member by member without one. A verdict that an agent published is read
/// into it strictly, so neither has a member that the other lacks.
/// </summary>
internal sealed record VerdictMessage(
    string JobId, string? PartId, string Verdict, string? Reason, double? Score, double? Threshold, string? Model, int? Version, string? Recipe, LatencyMessage LatencyMs, DateTimeOffset? CapturedAt, string? Frame);

/// <summary>What is on <c>record</c>, written the same way.</summary>
internal sealed record RecordMessage(string Journal, long Seq, long Previous, bool Historical, string Kind, long AtMs, string Hash, System.Text.Json.Nodes.JsonObject Record);

internal sealed record LatencyMessage(double Wait, double Acquire, double Preprocess, double Infer, double Publish);
