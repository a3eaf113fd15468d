using Edge.Training.Evaluation;
using static Edge.Training.Thresholds.ThresholdMethod;

namespace Edge.Training.Thresholds;

/// <summary>Chooses an image threshold from labelled raw scores.</summary>
internal static class ThresholdChooser
{
    /// <exception cref="EdgeException">The request is incomplete, or the scores do not allow it; the message says the way out.</exception>
    public static ThresholdChoice Choose(LabelledScores scores, ThresholdRequest request)
    {
        request.Check();
        if (request.Method is not (ThresholdMethod.SplitConformal or Fixed)) RequireBoth(scores, request.Method);
        if (request.Method == ThresholdMethod.SplitConformal)
        {
            RequireNormals(scores);
            SplitConformal conformal = SplitConformal.Choose(scores.Normal, request.MaxFpr);
            ThresholdChoice choice = Describe(scores, request, conformal.Threshold);
            ObservedRate rate = choice.FalseRejects with { UpperBound95 = conformal.UpperBound95 };
            string misses = scores.Anomalous.Length > 0 ? $" {MissWords(choice.Misses)} (the threshold did not look at them)." : "";
            return choice with { FalseRejectRate = conformal.FalseRejectRate, FalseRejects = rate, Promise = conformal.Promise + misses };
        }
        return Describe(scores, request, request.Method == Fixed ? request.Threshold!.Value : Pick(OperatingCurve.Of(scores), request).Threshold);
    }

    /// <summary>The point of the curve that a method asks for. Every method but max-fpr needs both classes; max-fpr needs normal scores.</summary>
    public static OperatingPoint Pick(OperatingCurve curve, ThresholdRequest request)
    {
        double n = curve.Normal, a = curve.Anomalous;
        return request.Method switch
        {
            // Youden's J = TPR − FPR.
            Youden => curve.Best(c => c.FalseRejects / n - c.TrueRejects / a),
            F1Max => curve.Best(c => -(c.F1 ?? 0)),
            // Squared distance to (FPR, TPR) = (0, 1).
            NearestCorner => curve.Best(c => Square(c.FalseRejects / n) + Square(c.Misses / a)),
            MinCost => curve.Best(c => request.Costs!.Of(c.Misses / a, c.FalseRejects / n)),
            MaxFpr => curve.WithFalseRejects(Allowed(request.MaxFpr ?? ThresholdRequest.UsualFpr, curve.Normal)),
            MaxFnr => curve.WithMisses(Allowed(request.MaxFnr ?? ThresholdRequest.UsualFnr, curve.Anomalous)),
            _ => throw new ArgumentException($"{request.Method} is not a point of a curve.", nameof(request)),
        };
    }

    /// <summary>⌊rate · of⌋, without losing one to rounding.</summary>
    internal static long Allowed(double rate, long of) => (long)Math.Floor(rate * of * (1 + 1e-12));

    private static ThresholdChoice Describe(LabelledScores scores, ThresholdRequest request, float threshold)
    {
        ConfusionMatrix confusion = ConfusionMatrix.At(threshold, scores.Normal, scores.Anomalous);
        double fpr = request.MaxFpr ?? ThresholdRequest.UsualFpr, fnr = request.MaxFnr ?? ThresholdRequest.UsualFnr;
        ObservedRate falseRejects = ObservedRate.Count(confusion.FalseRejects, confusion.Normal, request.Method == MaxFpr ? Allowed(fpr, confusion.Normal) : null);
        ObservedRate misses = ObservedRate.Count(confusion.Misses, confusion.Anomalous, request.Method == MaxFnr ? Allowed(fnr, confusion.Anomalous) : null);
        return new ThresholdChoice
        {
            Method = request.Method,
            Threshold = threshold,
            Setting = request.Method switch
            {
                MaxFpr => $"FPR ≤ {fpr * 100:0.####} %",
                MaxFnr => $"FNR ≤ {fnr * 100:0.####} %",
                ThresholdMethod.SplitConformal => request.MaxFpr is { } rate ? $"FPR ≤ {rate * 100:0.####} %" : "normal only",
                MinCost => $"cost {request.Costs!.Escape:G4} : {request.Costs.Overkill:G4}, {request.Costs.Prevalence * 100:0.####} % anomalous",
                _ => "",
            },
            Confusion = confusion,
            FalseRejects = falseRejects,
            Misses = misses,
            FalseRejectRate = request.Method == MaxFpr ? fpr : null,
            CostPerPart = request.Costs is { } costs && confusion is { FalseNegativeRate: { } missRate, FalsePositiveRate: { } rejectRate } ? costs.Of(missRate, rejectRate) : null,
            WithinRounding = scores.Normal.Concat(scores.Anomalous).Count(s => Math.Abs(s - threshold) <= 1e-3 * Math.Abs(threshold)),
            Promise = confusion.Total == 0 ? "Chosen by hand; nothing was measured." : Promise(request.Method, falseRejects, misses),
        };
    }

    private static string Promise(string method, ObservedRate falseRejects, ObservedRate misses)
    {
        string fitted = method switch
        {
            // Chosen without these pictures: both bounds hold.
            Fixed => "",
            MaxFpr => " The bound on false rejects holds although the threshold was chosen on these pictures; the one on misses is an estimate.",
            MaxFnr => " The bound on misses holds although the threshold was chosen on these pictures; the one on false rejects is an estimate.",
            _ => " The threshold was fitted to these very pictures, so both bounds are estimates; other pictures prove them.",
        };
        return $"{MissWords(misses)}. {Capital(falseRejects.Words("false reject", "false rejects", "normal", "false reject rate"))}.{fitted}";
    }

    private static string MissWords(ObservedRate misses) => Capital(misses.Words("miss", "misses", "anomalous", "miss rate"));

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static double Square(double x) => x * x;

    private static void RequireNormals(LabelledScores scores)
    {
        if (scores.Normal.Length == 0) throw new EdgeException("There are no scores of normal parts: every way to choose a threshold needs some. Add normal pictures.");
    }

    private static void RequireBoth(LabelledScores scores, string method)
    {
        RequireNormals(scores);
        if (scores.Anomalous.Length == 0)
            throw new EdgeException($"--method {method} needs normal and anomalous parts, and all {scores.Normal.Length} scores are of normal ones. Use --method {ThresholdMethod.SplitConformal}, which needs normal parts only.");
    }
}
