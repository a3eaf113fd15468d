using System.Text.Json.Serialization;
using Edge.Scoring;

namespace Edge.Agent.Shadow;

/// <summary>What is compared: another of any of these is another comparison.</summary>
/// <param name="Recipe">Null for a station without recipes.</param>
/// <param name="Version">The one that decides.</param>
/// <param name="Candidate">The one that decides nothing.</param>
/// <param name="Threshold">Of the one that decides, raw, as the recipe uses it.</param>
/// <param name="CandidateThreshold">Raw, in the candidate's own units.</param>
internal sealed record ShadowPair(string Station, string? Recipe, string Model, int Version, int Candidate, float Threshold, float CandidateThreshold);

/// <param name="Parts">Seen by both.</param>
/// <param name="Missed">Not seen by the candidate, which was busy with another.</param>
/// <param name="Same">Parts with the same verdict.</param>
/// <param name="Verdicts">Those that happened.</param>
/// <param name="Disagreements">The largest first, at most <see cref="ShadowTally.Kept"/>.</param>
internal sealed record ShadowReport(
    ShadowPair Pair, DateTimeOffset Since, DateTimeOffset Until, long Parts, long Missed, long Same, IReadOnlyList<ShadowVerdicts> Verdicts, ShadowScores Scores,
    ShadowTime Running, ShadowTime Candidate, IReadOnlyList<ShadowDisagreement> Disagreements);

/// <param name="Running">Of the model that decides.</param>
internal sealed record ShadowVerdicts(Verdict Running, Verdict Candidate, long Parts);

/// <summary>Scores as positions, so that two models can be compared: 0 is the average of the model's own normals, 1 its threshold.</summary>
/// <param name="Parts">Those with a finite position; the others' are 0 where there are none.</param>
/// <param name="Shift">Mean of the candidate's position minus the running model's.</param>
/// <param name="Correlation">Pearson's; null when one of them does not vary.</param>
internal sealed record ShadowScores(long Parts, double RunningMean, double RunningDeviation, double CandidateMean, double CandidateDeviation, double Shift, double? Correlation);

/// <summary>Preprocessing and inference of one part, milliseconds. The candidate's are at the lowest priority, without preprocessing when it takes the same picture.</summary>
internal sealed record ShadowTime(double MeanMs, double LongestMs);

/// <param name="At">End of the part's exposure: with station and jobId it finds the archive's picture.</param>
/// <param name="Score">Of the running model, raw.</param>
/// <param name="CandidateScore">Raw, in the candidate's own units.</param>
/// <param name="Distance">Of the two positions; null when one is not finite.</param>
internal sealed record ShadowDisagreement(
    string JobId, string? PartId, DateTimeOffset At, Verdict Running, float Score, Verdict Candidate, float CandidateScore, double? Distance);

/// <summary>A station's shadow, for whoever shows it.</summary>
/// <param name="State">none, loading, running or refused.</param>
/// <param name="Version">Of the candidate; null = none is named.</param>
/// <param name="Reason">Why it is refused.</param>
/// <param name="Report">Of the last comparison; null = no part yet.</param>
internal sealed record ShadowView(string Station, string Model, string State, int? Version, string? Reason, ShadowReport? Report);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ShadowReport))]
[JsonSerializable(typeof(IReadOnlyList<ShadowView>))]
internal sealed partial class ShadowJson : JsonSerializerContext;
