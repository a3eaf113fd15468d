namespace Edge.Scoring;

/// <summary>What the line hears about a part. The harmless default is 0: a part nobody decided on is diverted.</summary>
public enum Verdict
{
    Uninspected = 0,
    Accept,
    Reject,
    Review,
}
