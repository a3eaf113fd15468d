namespace Edge.Agent.Drift;

/// <summary>How values differ from the reference; what the best bet says.</summary>
internal enum Direction
{
    None = 0,
    Higher,
    Lower,
    Wider,
    Narrower,
}

/// <summary>
/// Sequential test of exchangeability: have the values kept coming from the distribution of the reference and of all values so far?
/// Under that hypothesis the bin of the next value has exactly known odds (Pólya's urn over the slots between earlier values, a conformal test on binned ranks), so
/// e = q(bin) / p(bin) of any alternative q fixed beforehand has the expectation 1. For each alternative R ← (R + 1) e (Shiryaev–Roberts; an e-detector, Shin, Ramdas, Rinaldo
/// 2022, arXiv 2203.03532): the mean of all R minus the number of values is a martingale, so the mean number of values until it first reaches the limit A
/// is at least A when nothing has changed. Compare Vovk et al. 2021 (arXiv 2102.10439). Constant work and no allocation for a value. Not thread-safe.
/// </summary>
internal sealed class ChangeDetector
{
    /// <summary>Alternatives tilt the urn's odds by exp(shift z + spread (z² − 1) / 2), z the normal score of a bin's middle.</summary>
    private static readonly (double Shift, double Spread)[] Bets =
        [(0.25, 0), (-0.25, 0), (0.5, 0), (-0.5, 0), (1, 0), (-1, 0), (2, 0), (-2, 0), (0, 0.3), (0, 0.6), (0, -0.5), (0, -1.5)];

    private readonly ReferenceBins bins;
    private readonly double limit;
    private readonly double[] urn, tilts, evidence;
    private double total;

    /// <param name="limit">A: values between two false alarms, on average at least.</param>
    public ChangeDetector(ReferenceBins bins, double limit, DetectorState? kept = null)
    {
        (this.bins, this.limit) = (bins, limit);
        urn = [.. bins.Slots];
        evidence = new double[Bets.Length];
        tilts = new double[Bets.Length * urn.Length];
        total = urn.Sum();
        double before = 0;
        for (int bin = 0; bin < urn.Length; bin++)
        {
            double z = NormalScore((before + urn[bin] / 2) / total);
            for (int bet = 0; bet < Bets.Length; bet++) tilts[bet * urn.Length + bin] = Math.Exp(Bets[bet].Shift * z + Bets[bet].Spread * (z * z - 1) / 2);
            before += urn[bin];
        }
        if (kept is null || kept.Urn.Length != urn.Length || kept.Evidence.Length != evidence.Length) return;
        (urn, evidence, Flagged) = ([.. kept.Urn], [.. kept.Evidence], kept.Flagged);
        (total, Evidence) = (urn.Sum(), evidence.Average());
    }

    /// <summary>Mean of all R.</summary>
    public double Evidence { get; private set; }

    /// <summary>The evidence reached the limit, and has not yet sunk below its square root since.</summary>
    public bool Flagged { get; private set; }

    /// <summary>Of the bet with the most evidence.</summary>
    public Direction Direction
    {
        get
        {
            int best = 0;
            for (int bet = 1; bet < Bets.Length; bet++) if (evidence[bet] > evidence[best]) best = bet;
            return Bets[best] switch { ( > 0, _) => Direction.Higher, ( < 0, _) => Direction.Lower, (_, > 0) => Direction.Wider, _ => Direction.Narrower };
        }
    }

    public DetectorState State => new(bins.Edges, bins.Slots, [.. urn], [.. evidence], Flagged);

    /// <returns><see cref="Flagged"/> has changed.</returns>
    public bool Observe(double value)
    {
        int bin = bins.Find(value);
        double sum = 0;
        for (int bet = 0; bet < evidence.Length; bet++)
        {
            ReadOnlySpan<double> tilt = tilts.AsSpan(bet * urn.Length, urn.Length);
            double expected = 0;
            for (int j = 0; j < urn.Length; j++) expected += urn[j] * tilt[j];
            // Capped, so that a fault that lasted for a week is over soon: less evidence is never more alarms.
            evidence[bet] = Math.Min((evidence[bet] + 1) * tilt[bin] * total / expected, 2 * limit * evidence.Length);
            sum += evidence[bet];
        }
        Evidence = sum / evidence.Length;
        if (!Flagged)
        {
            urn[bin]++;   // what is compared with must not learn what is flagged
            total++;
        }
        bool now = Evidence >= limit || (Flagged && Evidence >= Math.Sqrt(limit));
        if (now == Flagged) return false;
        Flagged = now;
        return true;
    }

    /// <summary>The logistic approximation of the normal distribution's quantile: bets may be anything that is fixed beforehand.</summary>
    private static double NormalScore(double share) => Math.Log(share / (1 - share)) / 1.702;
}

/// <summary>A detector between two runs of the agent.</summary>
internal sealed record DetectorState(double[] Edges, double[] Slots, double[] Urn, double[] Evidence, bool Flagged);
