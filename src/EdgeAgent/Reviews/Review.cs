using System.Text.Json;
using System.Text.Json.Serialization;

namespace Edge.Agent.Reviews;

/// <summary>What the part really is, says a person.</summary>
[JsonConverter(typeof(JudgementConverter))]
internal enum Judgement
{
    /// <summary>What was said before is taken back: the part waits for a review again.</summary>
    Withdrawn = 0,

    Normal,

    Anomalous,

    /// <summary>The picture says nothing about the part: nobody should learn from it.</summary>
    Unusable,
}

/// <summary>As names, not as numbers.</summary>
internal sealed class JudgementConverter() : JsonStringEnumConverter<Judgement>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);

/// <summary>One opinion about one part. Never changed: another opinion is another one, and the last counts.</summary>
/// <param name="Id">1, 2, 3, …; 0 = not written yet.</param>
/// <param name="By">Who, as the token file or the proxy names them.</param>
/// <param name="Journal">Which journal <paramref name="Entry"/> is a number of.</param>
/// <param name="Entry">Of the part.</param>
/// <param name="Verdict">The machine's.</param>
/// <param name="Defect">Kind of an anomalous part; null = not said.</param>
/// <param name="Picture">SHA-256 of the picture that is kept, lower-case hexadecimal; null = there was none.</param>
internal sealed record Review(
    long Id, DateTimeOffset At, string By, string Journal, long Entry, string Station, string JobId, string? PartId, string Verdict, double? Score, double? Threshold, string? Model, int? Version,
    Judgement Judgement, string? Defect, string? Note, string? Picture)
{
    /// <summary>Folder of normal pictures, as in MVTec AD.</summary>
    public const string Good = "good";

    /// <summary>Folder of anomalous ones of no named kind.</summary>
    public const string Anomalous = "anomalous";

    /// <summary>Lower-case, so that it is a folder's name everywhere.</summary>
    public const string DefectPattern = "^[a-z0-9][a-z0-9_-]{0,31}$";

    /// <summary>The folder that its picture belongs into; null = nobody learns from it.</summary>
    public string? Label => Judgement switch { Judgement.Normal => Good, Judgement.Anomalous => Defect ?? Anomalous, _ => null };

    /// <summary>In the words of the line: confirmed, false-reject, miss; normal or anomalous when the machine did not decide; null when nothing is said.</summary>
    public string? Outcome => (Judgement, Verdict) switch
    {
        (Judgement.Normal, "accept") or (Judgement.Anomalous, "reject") => "confirmed",
        (Judgement.Normal, "reject") => "false-reject",
        (Judgement.Anomalous, "accept") => "miss",
        (Judgement.Normal, _) => "normal",
        (Judgement.Anomalous, _) => "anomalous",
        (Judgement.Unusable, _) => "unusable",
        _ => null,
    };
}

/// <summary>How often a verdict of a model's version met an opinion.</summary>
internal sealed record ReviewCount(string? Model, int? Version, string Verdict, Judgement Judgement, long Parts);
