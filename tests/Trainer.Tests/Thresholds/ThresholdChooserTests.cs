using System.Globalization;
using System.Text.Json;
using CsCheck;
using Edge.Training.Evaluation;
using Edge.Training.Thresholds;
using Xunit;

namespace Edge.Tests.Thresholds;

public sealed class ThresholdChooserTests
{
    private static readonly CostModel Costs = new(Escape: 50, Overkill: 1, Prevalence: 0.01);

    /// <summary>Few levels make many ties within and between the classes.</summary>
    private static readonly Gen<LabelledScores> Scores =
        from levels in Gen.Int[1, 30]
        from normal in Gen.Int[0, levels].Array[4, 40]
        from anomalous in Gen.Int[0, levels].Array[1, 40]
        from shift in Gen.Int[0, levels]
        select new LabelledScores(normal.Select(v => v / 7f - 1), anomalous.Select(v => (v + shift) / 7f - 1));

    private static ThresholdRequest Request(string method) => new() { Method = method, MaxFpr = 0.3, MaxFnr = 0.1, Costs = Costs };

    [Fact]
    public void A_score_equal_to_the_threshold_is_rejected_and_counted_so()
    {
        Assert.Equal(new ConfusionMatrix(1, 2, 1, 1), ConfusionMatrix.At(2, [1, 2, 3], [1.5f, 2]));
        ThresholdChoice fixedAt = ThresholdChooser.Choose(new([1, 2, 3], [1.5f, 2]), new() { Method = ThresholdMethod.Fixed, Threshold = 2 });
        Assert.Equal(new ConfusionMatrix(1, 2, 1, 1), fixedAt.Confusion);
    }

    /// <summary>Normal 1 1 2 3, anomalous 2 2 4: each method's decision by hand. Tied scores go to one side together.</summary>
    [Theory]
    [InlineData(ThresholdMethod.Youden, 1.5, 2, 0)]          // TPR − FPR: at 2: 1 − ½; at 4: ⅓ − 0
    [InlineData(ThresholdMethod.F1Max, 1.5, 2, 0)]           // at 2: 6/8; at 4: 2/4
    [InlineData(ThresholdMethod.NearestCorner, 1.5, 2, 0)]   // (½, 1)
    [InlineData(ThresholdMethod.MaxFpr, 2.5, 1, 2)]          // one of four is 25 %; at 2 two normal ones would go
    [InlineData(ThresholdMethod.MaxFnr, 1.5, 2, 0)]          // 10 % of 3 is none
    [InlineData(ThresholdMethod.MinCost, 3.5, 0, 2)]         // 0.01·⅔·50 + 0 = 0.333; at 1.5: 0.99·½ = 0.495
    public void Tied_scores_by_hand(string method, float threshold, int falseRejects, int misses)
    {
        ThresholdChoice choice = ThresholdChooser.Choose(new([1, 1, 2, 3], [2, 2, 4]), Request(method));
        Assert.Equal(threshold, choice.Threshold);
        Assert.Equal((falseRejects, misses), ((int)choice.Confusion.FalseRejects, (int)choice.Confusion.Misses));
    }

    [Fact]
    public void Every_method_is_the_best_of_all_decisions() => Scores.Sample(scores =>
    {
        float[] all = [.. scores.Normal.Concat(scores.Anomalous).Distinct().Order()];
        ConfusionMatrix[] decisions = [.. all.Append(float.PositiveInfinity).Select(t => ConfusionMatrix.At(t, scores.Normal, scores.Anomalous))];
        ConfusionMatrix Chosen(string method) => ThresholdChooser.Choose(scores, Request(method)).Confusion;
        void IsBest(string method, Func<ConfusionMatrix, double> value) => Assert.Equal(decisions.Max(value), value(Chosen(method)), 1e-12);
        IsBest(ThresholdMethod.Youden, c => c.Recall!.Value - c.FalsePositiveRate!.Value);
        IsBest(ThresholdMethod.F1Max, c => c.F1 ?? 0);
        IsBest(ThresholdMethod.NearestCorner, c => -Math.Sqrt(Math.Pow(c.FalsePositiveRate!.Value, 2) + Math.Pow(1 - c.Recall!.Value, 2)));
        IsBest(ThresholdMethod.MinCost, c => -Costs.Of(c.FalseNegativeRate!.Value, c.FalsePositiveRate!.Value));
        // Within the bound, and no decision within it does better on the other class.
        ConfusionMatrix fpr = Chosen(ThresholdMethod.MaxFpr), fnr = Chosen(ThresholdMethod.MaxFnr);
        Assert.True(fpr.FalsePositiveRate <= 0.3);
        Assert.True(fnr.FalseNegativeRate <= 0.1);
        Assert.Equal(decisions.Where(c => c.FalsePositiveRate <= 0.3).Min(c => c.Misses), fpr.Misses);
        Assert.Equal(decisions.Where(c => c.FalseNegativeRate <= 0.1).Min(c => c.FalseRejects), fnr.FalseRejects);
        Assert.True(Chosen(ThresholdMethod.SplitConformal).FalsePositiveRate <= 0.3);
    });

    [Fact]
    public void No_method_puts_a_threshold_where_rounding_flips_a_score() => Scores.Sample(scores =>
    {
        float[] all = [.. scores.Normal, .. scores.Anomalous];
        foreach (string method in ThresholdMethod.All.Except([ThresholdMethod.SplitConformal]))
        {
            float threshold = ThresholdChooser.Choose(scores, Request(method)).Threshold;
            // Neighbouring levels are 1/7 apart: midway leaves 1/14. Beyond the extremes it is 1e-3 of the score.
            Assert.True(all.Min(s => Math.Abs(s - threshold)) > 5e-7, $"{method} {threshold}");
            string json = JsonSerializer.Serialize(threshold), csv = threshold.ToString("R", CultureInfo.InvariantCulture);
            Assert.Equal(threshold, JsonSerializer.Deserialize<float>(json));
            Assert.Equal(threshold, float.Parse(csv, CultureInfo.InvariantCulture));
        }
    });

    [Fact]
    public void Neighbouring_floats_are_still_told_apart() => Gen.Single[-1e30f, 1e30f].Sample(low =>
    {
        float high = MathF.BitIncrement(low);
        ThresholdChoice choice = ThresholdChooser.Choose(new([low, low], [high]), Request(ThresholdMethod.Youden));
        Assert.Equal(high, choice.Threshold);
        Assert.Equal(new ConfusionMatrix(2, 0, 0, 1), choice.Confusion);
    });

    [Fact]
    public void Order_does_not_matter_and_a_monotone_transform_changes_no_decision() => Gen.Select(Scores, Gen.Int[0, 1000]).Sample((scores, seed) =>
    {
        Random random = new(seed);
        float[] normal = [.. scores.Normal], anomalous = [.. scores.Anomalous];
        random.Shuffle(normal);
        random.Shuffle(anomalous);
        static float Transformed(float s) => MathF.Exp(s) * 3 - 2;
        foreach (string method in ThresholdMethod.All)
        {
            ThresholdChoice choice = ThresholdChooser.Choose(scores, Request(method));
            ThresholdChoice shuffled = ThresholdChooser.Choose(new(normal, anomalous), Request(method));
            ThresholdChoice transformed = ThresholdChooser.Choose(new(normal.Select(Transformed), anomalous.Select(Transformed)), Request(method));
            Assert.Equal((choice.Threshold, choice.Confusion, choice.Promise), (shuffled.Threshold, shuffled.Confusion, shuffled.Promise));
            Assert.Equal(choice.Confusion, transformed.Confusion);
        }
    });

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Scores_that_are_not_finite_are_refused(float bad)
    {
        Assert.Contains("2 of 3 anomalous", Assert.Throws<EdgeException>(() => new LabelledScores([1], [1, bad, 3])).Message, StringComparison.Ordinal);
        Assert.Throws<EdgeException>(() => ThresholdChooser.Choose(new([1], [2]), new() { Method = ThresholdMethod.Fixed, Threshold = bad }));
    }

    [Fact]
    public void Normal_parts_only_have_a_way_out_and_no_normal_parts_have_none()
    {
        LabelledScores normals = new(Enumerable.Range(0, 50).Select(i => (float)i), []), anomalies = new([], [1, 2]);
        foreach (string method in ThresholdMethod.All.Except([ThresholdMethod.SplitConformal]))
        {
            string message = Assert.Throws<EdgeException>(() => ThresholdChooser.Choose(normals, Request(method))).Message;
            Assert.Contains("split-conformal", message, StringComparison.Ordinal);
            Assert.Contains("50", message, StringComparison.Ordinal);
        }
        Assert.Equal(50, ThresholdChooser.Choose(normals, Request(ThresholdMethod.SplitConformal)).Confusion.Normal);
        foreach (string method in ThresholdMethod.All)
            Assert.Contains("normal pictures", Assert.Throws<EdgeException>(() => ThresholdChooser.Choose(anomalies, Request(method))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("otsu", "otsu")]
    [InlineData(ThresholdMethod.MinCost, "--prevalence")]
    public void An_incomplete_request_says_what_is_missing(string method, string word) =>
        Assert.Contains(word, Assert.Throws<EdgeException>(() => ThresholdChooser.Choose(new([1], [2]), new() { Method = method })).Message, StringComparison.Ordinal);

    [Fact]
    public void The_promise_names_counts_bound_and_confidence()
    {
        LabelledScores scores = new(Enumerable.Range(0, 60).Select(i => i / 60f), Enumerable.Range(0, 30).Select(i => 2 + i / 30f));
        ThresholdChoice choice = ThresholdChooser.Choose(scores, new() { Method = ThresholdMethod.MaxFnr });
        Assert.StartsWith("0 misses in 30 anomalous pictures: miss rate below 9.5 % with 95 % confidence. ", choice.Promise, StringComparison.Ordinal);
        Assert.Contains("0 false rejects in 60 normal pictures: false reject rate below 4.9 % with 95 % confidence", choice.Promise, StringComparison.Ordinal);
    }

    /// <summary>The bound of max-fnr for new parts, when it may miss one of 20: violated in 5 % of the draws at most.</summary>
    [Fact]
    public void The_bound_of_a_rate_method_holds_for_new_parts()
    {
        Random random = new(3);
        const int Draws = 4000;
        int violated = 0;
        for (int i = 0; i < Draws; i++)
        {
            LabelledScores scores = new(Enumerable.Range(0, 30).Select(_ => random.NextSingle()), Enumerable.Range(0, 20).Select(_ => random.NextSingle()));
            ThresholdChoice choice = ThresholdChooser.Choose(scores, new() { Method = ThresholdMethod.MaxFnr, MaxFnr = 0.05 });
            if (choice.Threshold > choice.Misses.UpperBound95) violated++;   // uniform scores: P(score < t) = t
        }
        Assert.InRange(violated, 1, Draws * 0.056);
    }
}
