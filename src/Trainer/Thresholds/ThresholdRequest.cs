namespace Edge.Training.Thresholds;

/// <summary>Names of the ways to choose a threshold, as on the command line and in the manifest.</summary>
public static class ThresholdMethod
{
    public const string
        Youden = "youden", F1Max = "f1-max", NearestCorner = "nearest-corner", MaxFpr = "max-fpr", MaxFnr = "max-fnr",
        MinCost = "min-cost", SplitConformal = "split-conformal", Fixed = "fixed";

    /// <summary>Those that choose; <see cref="Fixed"/> is told.</summary>
    public static IReadOnlyList<string> All { get; } = [Youden, F1Max, NearestCorner, MaxFpr, MaxFnr, MinCost, SplitConformal];
}

/// <param name="Escape">Price of an anomalous part that is accepted.</param>
/// <param name="Overkill">Price of a normal part that is rejected, in the same unit.</param>
/// <param name="Prevalence">Share of anomalous parts on the line, (0, 1); in the pictures there are usually far more.</param>
public sealed record CostModel(double Escape, double Overkill, double Prevalence)
{
    /// <summary>Expected cost of a part.</summary>
    public double Of(double missRate, double falseRejectRate) => Prevalence * missRate * Escape + (1 - Prevalence) * falseRejectRate * Overkill;

    /// <exception cref="EdgeException">A price or the prevalence can't be.</exception>
    public CostModel Check()
    {
        if (!(Escape >= 0 && Overkill >= 0 && double.IsFinite(Escape + Overkill) && Escape + Overkill > 0))
            throw new EdgeException($"Costs must be numbers of at least 0, not both 0: an escape costs {Escape}, an overkill {Overkill}.");
        if (Prevalence is not (> 0 and < 1)) throw new EdgeException($"--prevalence is {Prevalence}; it is the share of anomalous parts on the line, above 0 and below 1.");
        return this;
    }
}

/// <summary>How to choose a threshold.</summary>
public sealed record ThresholdRequest
{
    /// <summary>One of <see cref="ThresholdMethod"/>.</summary>
    public required string Method { get; init; }

    /// <summary>max-fpr (default 1 %) and split-conformal (default 1 %, or the strictest the pictures allow).</summary>
    public double? MaxFpr { get; init; }

    /// <summary>max-fnr; default 0: none of the anomalous pictures may be accepted.</summary>
    public double? MaxFnr { get; init; }

    /// <summary>min-cost.</summary>
    public CostModel? Costs { get; init; }

    /// <summary>fixed.</summary>
    public float? Threshold { get; init; }

    public const double UsualFpr = 0.01, UsualFnr = 0;

    /// <exception cref="EdgeException">An unknown method, a rate that is none, or something the method needs is missing.</exception>
    public ThresholdRequest Check()
    {
        if (Method != ThresholdMethod.Fixed && !ThresholdMethod.All.Contains(Method))
            throw new EdgeException($"--method {Method} is not known; there are: {string.Join(", ", ThresholdMethod.All)}.");
        if (MaxFpr is not null and not (>= 0 and < 1)) throw new EdgeException($"--max-fpr is {MaxFpr}; it must be at least 0 and below 1.");
        if (MaxFnr is not null and not (>= 0 and < 1)) throw new EdgeException($"--max-fnr is {MaxFnr}; it must be at least 0 and below 1.");
        if (Method == ThresholdMethod.MinCost && Costs is null)
            throw new EdgeException("--method min-cost needs --cost-escape, --cost-overkill and --prevalence: what a missed defect costs, what a rejected normal part costs, and how many parts of the line are anomalous.");
        if (Method == ThresholdMethod.Fixed && !(Threshold is { } t && float.IsFinite(t))) throw new EdgeException($"--threshold is {Threshold}; a finite raw score is needed.");
        Costs?.Check();
        return this;
    }
}
