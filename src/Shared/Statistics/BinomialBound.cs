namespace Edge.Statistics;

/// <summary>
/// Exact one-sided bounds on a rate from counted events (Clopper and Pearson 1934). No events among n is the "rule of three":
/// the rate is below about 3/n with 95 % confidence.
/// </summary>
internal static class BinomialBound
{
    public const double Confidence = 0.95;

    /// <summary>
    /// The rate q with P(Binomial(<paramref name="trials"/>, q) ≤ <paramref name="events"/>) = 1 − confidence, by bisection: the
    /// quantile of Beta(events + 1, trials − events). 1 when every trial was an event, or there was none.
    /// </summary>
    public static double Upper(long events, long trials, double confidence = Confidence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(events);
        if (events >= trials) return 1;
        double low = 0, high = 1;
        for (int i = 0; i < 60; i++)
        {
            double q = (low + high) / 2;
            if (AtMost(events, trials, q) > 1 - confidence) low = q;
            else high = q;
        }
        return high;
    }

    /// <summary>P(Binomial(n, q) ≤ events), term by term from 0 events up, in logarithms: (1 − q)ⁿ alone may be below any double.</summary>
    public static double AtMost(long events, long trials, double q)
    {
        if (q <= 0) return 1;
        if (q >= 1) return 0;
        double logOdds = Math.Log(q) - Math.Log(1 - q), logTerm = trials * Math.Log(1 - q), sum = Math.Exp(logTerm);
        for (long e = 1; e <= events; e++)
        {
            logTerm += Math.Log((trials - e + 1.0) / e) + logOdds;
            sum += Math.Exp(logTerm);
        }
        return sum;
    }
}
