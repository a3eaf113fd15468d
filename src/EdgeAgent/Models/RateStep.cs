using Edge.Statistics;

namespace Edge.Agent.Models;

/// <summary>
/// Whether something happens more often than before, looked at after each of at most <c>looks</c> parts. Half of the false-alarm probability α is for the
/// rate before, which is known by its exact upper bound only (Clopper and Pearson 1934), half is shared by the looks (Bonferroni): when parts are
/// independent and the rate is as before, P(step is ever seen) ≤ α.
/// </summary>
internal sealed class RateStep(long eventsBefore, long partsBefore, double falseAlarm, int looks)
{
    /// <summary>More parts say nothing more that matters here, and the bound's time grows with them.</summary>
    private const long Enough = 10_000;

    private readonly double allowedTail = falseAlarm / 2 / looks;

    /// <summary>The rate before is at most this; 1 when nothing is known of it, and then nothing is ever a step.</summary>
    public double Bound { get; } = partsBefore > Enough
        ? BinomialBound.Upper((long)Math.Ceiling(eventsBefore * ((double)Enough / partsBefore)), Enough, 1 - falseAlarm / 2)
        : BinomialBound.Upper(eventsBefore, partsBefore, 1 - falseAlarm / 2);

    /// <summary>P(at least so many events in so many parts at <see cref="Bound"/>) is below one look's share of α.</summary>
    public bool IsStep(int events, int parts) => events > Bound * parts && 1 - BinomialBound.AtMost(events - 1, parts, Bound) < allowedTail;
}
