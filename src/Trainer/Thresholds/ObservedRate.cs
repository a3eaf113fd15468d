using System.Globalization;
using Edge.Statistics;

namespace Edge.Training.Thresholds;

/// <summary>How often something went wrong on the pictures, and how often it may go wrong on parts like them.</summary>
/// <param name="Rate">Null when there were no pictures of that class.</param>
/// <param name="UpperBound95">With 95 % confidence the rate is below this (Clopper–Pearson); null without pictures.</param>
internal sealed record ObservedRate(long Events, long Of, double? Rate, double? UpperBound95)
{
    /// <param name="allowed">
    /// Events that the method was ready to accept before it saw the scores. The threshold is then an order statistic and the bound
    /// for so many events is exact, although threshold and count come from the same pictures.
    /// </param>
    public static ObservedRate Count(long events, long of, long? allowed = null) =>
        of == 0 ? new ObservedRate(0, 0, null, null) : new ObservedRate(events, of, (double)events / of, BinomialBound.Upper(Math.Max(events, allowed ?? 0), of));

    /// <summary>0 misses in 30 anomalous pictures: miss rate below 9.5 % with 95 % confidence</summary>
    /// <param name="what">Singular and plural of the event.</param>
    public string Words(string what, string plural, string pictures, string rate) =>
        UpperBound95 is { } bound
            ? $"{Events} {(Events == 1 ? what : plural)} in {Of} {pictures} {(Of == 1 ? "picture" : "pictures")}: {rate} below {Percent(bound)} with 95 % confidence"
            : $"no {pictures} pictures: the {rate} is unknown";

    /// <summary>Two digits at least: 9.5 %, 30.2 %, 0.13 %.</summary>
    public static string Percent(double share) => (share * 100).ToString(share switch { >= 0.01 or 0 => "0.0", >= 0.001 => "0.00", _ => "G2" }, CultureInfo.InvariantCulture) + " %";
}
