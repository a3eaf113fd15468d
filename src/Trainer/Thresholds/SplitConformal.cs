using Edge.Scoring;
using Edge.Statistics;

namespace Edge.Training.Thresholds;

/// <summary>
/// Threshold from held-out normal pictures only, with a promise that needs no assumption on the scores' distribution:
/// split-conformal prediction (Vovk et al., Algorithmic Learning in a Random World; Lei et al. 2018). If the held-out
/// pictures and the parts to come are exchangeable, a normal part is rejected with probability at most
/// 1 − k/(n + 1), where the threshold lies just above the k-th smallest of n scores.
/// </summary>
internal sealed record SplitConformal
{
    /// <summary>Fewer held-out pictures than this promise nothing worth having (4 → at best 20 %).</summary>
    public const int FewestPictures = 4;

    /// <summary>The rate aimed at when none is asked for.</summary>
    public const double UsualRate = 0.01;

    /// <summary>Just above the k-th smallest score: <c>score &gt;= threshold</c> rejects, so a score equal to the k-th is accepted.</summary>
    public required float Threshold { get; init; }

    /// <summary>Promised false reject rate, on average over held-out sets.</summary>
    public required double FalseRejectRate { get; init; }

    /// <summary>With 95 % confidence the false reject rate of this very threshold is below this.</summary>
    public required double UpperBound95 { get; init; }

    /// <summary>True when no rate was asked for and the pictures are too few for the usual one.</summary>
    public required bool Relaxed { get; init; }

    /// <summary>In words that can be signed.</summary>
    public required string Promise { get; init; }

    /// <param name="scores">Raw image scores of held-out normal pictures.</param>
    /// <param name="rate">False reject rate asked for, (0, 1); null = 1 %, or the strictest the pictures allow.</param>
    /// <exception cref="EdgeException">Too few pictures for the rate, or a score that is not finite; the message says what is needed.</exception>
    public static SplitConformal Choose(ReadOnlySpan<float> scores, double? rate)
    {
        int n = scores.Length;
        if (rate is <= 0 or >= 1 or double.NaN) throw new EdgeException($"The false reject rate must lie between 0 and 1, not {rate}.");
        if (n < FewestPictures)
            throw new EdgeException($"{n} held-out normal pictures are too few for a threshold: at least {FewestPictures} are needed, and {Needed(UsualRate)} for {UsualRate:P0}. Add normal pictures (in training, or hold out a larger share with --holdout).");
        foreach (float score in scores)
            if (!float.IsFinite(score)) throw new EdgeException($"A held-out normal picture has the score {score}: no threshold can be chosen from it.");

        double strictest = 1.0 / (n + 1);
        bool relaxed = rate is null && UsualRate < strictest;
        double asked = rate ?? Math.Max(UsualRate, strictest);
        int k = Rank(n, asked);
        if (k > n)
            throw new EdgeException($"{n} held-out normal pictures cannot promise a false reject rate of {asked:0.###%}: the strictest they allow is {strictest:0.##%} (--false-reject-rate {Math.Ceiling(strictest * 1e4) / 1e4}); for {asked:0.###%} hold out {Needed(asked)}.");

        float[] sorted = scores.ToArray();
        Array.Sort(sorted);
        double promised = 1 - k / (n + 1.0), bound = UpperBound(n, k, 0.95);
        return new SplitConformal
        {
            Threshold = MathF.BitIncrement(sorted[k - 1]),
            FalseRejectRate = asked,
            UpperBound95 = bound,
            Relaxed = relaxed,
            Promise = $"Of normal parts like the {n} held-out pictures, at most {promised:0.##%} are rejected on average over such sets (split-conformal, rank {k} of {n}); with 95 % confidence this threshold rejects less than {bound:0.#%}.",
        };
    }

    /// <summary>k = ⌈(n + 1)(1 − α)⌉, without losing a rank to rounding.</summary>
    internal static int Rank(int n, double alpha) => (int)Math.Ceiling((n + 1) * (1 - alpha) - 1e-9);

    /// <summary>Held-out pictures that a rate needs: ⌈1/α⌉ − 1.</summary>
    internal static int Needed(double alpha) => (int)Math.Ceiling(1 / alpha - 1e-9) - 1;

    /// <summary>
    /// The false reject rate F of a threshold above the k-th order statistic is Beta(n + 1 − k, k) distributed, which is what
    /// Clopper and Pearson's bound for n − k events is the quantile of.
    /// </summary>
    internal static double UpperBound(int n, int k, double confidence) => BinomialBound.Upper(n - k, n, confidence);

    /// <summary>The calibration as the package stores it.</summary>
    public Calibration ToCalibration(ReadOnlySpan<float> scores, ValueRange heatmapRange) => new()
    {
        Method = "split-conformal",
        Threshold = Threshold,
        FalseRejectRate = FalseRejectRate,
        Promise = Promise,
        Normals = ScoreStatistics.Of(scores),
        HeatmapRange = heatmapRange,
    };
}
