using System.Globalization;
using System.Runtime.InteropServices;
using CsCheck;
using Edge.Training.Evaluation;
using Xunit;

namespace Edge.Tests.Evaluation;

public sealed class ImageMetricsTests
{
    [Fact]
    public void Auroc_equals_counting_all_pairs() =>
        Gen.Select(Gen.Int[0, 8].Array[1, 40], Gen.Int[0, 8].Array[1, 40]).Sample((n, a) =>
        {
            float[] normal = [.. n.Select(v => v / 3f)], anomalous = [.. a.Select(v => v / 3f + 0.5f * (v % 2))];
            double wins = anomalous.Sum(x => normal.Sum(y => x > y ? 1 : x == y ? 0.5 : 0));
            Assert.Equal(wins / ((double)normal.Length * anomalous.Length), ImageMetrics.Auroc(normal, anomalous)!.Value, 1e-14);
        });

    [Fact]
    public void Auroc_and_F1_equal_scikit_learn()
    {
        using TempFolder folder = new();
        Random random = new(5);
        List<double> ours = [];
        // Untied, heavily tied, all equal, separated, reversed; unequal class sizes.
        (Func<float> Normal, Func<float> Anomalous)[] cases =
        [
            (() => random.NextSingle(), () => random.NextSingle() + 0.3f),
            (() => random.Next(6), () => random.Next(6) + random.Next(2)),
            (() => 1f, () => 1f),
            (() => random.NextSingle(), () => 2 + random.NextSingle()),
            (() => 2 + random.NextSingle(), () => random.NextSingle() - 5),
        ];
        for (int c = 0; c < cases.Length; c++)
        {
            float[] normal = [.. Enumerable.Range(0, 90 + c).Select(_ => cases[c].Normal())];
            float[] anomalous = [.. Enumerable.Range(0, 35).Select(_ => cases[c].Anomalous())];
            File.WriteAllBytes(folder[$"n{c}"], MemoryMarshal.AsBytes<float>(normal));
            File.WriteAllBytes(folder[$"a{c}"], MemoryMarshal.AsBytes<float>(anomalous));
            ours.Add(ImageMetrics.Auroc(normal, anomalous)!.Value);
            ours.Add(ImageMetrics.F1Max(normal, anomalous)!.Value);
        }
        double[] theirs = Numbers(Python.Run($$"""
            import sys, os; os.chdir(sys.argv[1])
            import numpy as np
            from sklearn.metrics import roc_auc_score, precision_recall_curve
            for c in range({{cases.Length}}):
                n, a = np.fromfile(f'n{c}', np.float32), np.fromfile(f'a{c}', np.float32)
                y, s = np.r_[np.zeros(len(n)), np.ones(len(a))], np.r_[n, a]
                p, r, _ = precision_recall_curve(y, s)
                print(repr(roc_auc_score(y, s)), repr(np.max(2 * p * r / np.maximum(p + r, 1e-300))))
            """, "numpy sklearn", folder.Path));
        Assert.Equal(ours.Count, theirs.Length);
        for (int i = 0; i < ours.Count; i++) Assert.Equal(theirs[i], ours[i], 1e-12);
    }

    /// <summary>Figures at a threshold, average precision and the whole ROC curve; ties, one score for all, one decision for all.</summary>
    [Fact]
    public void Figures_and_curve_equal_scikit_learn()
    {
        using TempFolder folder = new();
        Random random = new(9);
        (float[] Normal, float[] Anomalous, float Threshold)[] cases =
        [
            (Draw(80, () => random.NextSingle()), Draw(31, () => random.NextSingle() + 0.4f), 0.6f),
            (Draw(50, () => random.Next(7)), Draw(70, () => random.Next(7) + random.Next(3)), 4),     // ties on the threshold too
            (Draw(9, () => 1), Draw(5, () => 1), 1),                                                  // everything rejected
            (Draw(9, () => 1), Draw(5, () => 1), 2),                                                  // nothing rejected
            (Draw(1, () => 3), Draw(1, () => 2), 2.5f),                                               // all wrong
            (Draw(200, () => -random.NextSingle()), Draw(3, () => -random.NextSingle() * 0.5f), -0.3f),
        ];
        List<double> ours = [];
        for (int c = 0; c < cases.Length; c++)
        {
            (float[] normal, float[] anomalous, float threshold) = cases[c];
            File.WriteAllBytes(folder[$"n{c}"], MemoryMarshal.AsBytes<float>(normal));
            File.WriteAllBytes(folder[$"a{c}"], MemoryMarshal.AsBytes<float>(anomalous));
            File.WriteAllBytes(folder[$"t{c}"], BitConverter.GetBytes(threshold));
            ClassificationFigures f = ClassificationFigures.Of(ConfusionMatrix.At(threshold, normal, anomalous));
            // scikit-learn says 0 where nothing is rejected; ours is null, with the reason.
            Assert.Equal(f.Precision is null, f.Undefined.ContainsKey("precision"));
            IReadOnlyList<CurvePoint> curve = EvaluationFigures.CurveOf(normal, anomalous);
            ours.AddRange([
                f.Confusion.TrueAccepts, f.Confusion.FalseRejects, f.Confusion.Misses, f.Confusion.TrueRejects,
                .. f.Normalised.SelectMany(row => row!),
                f.Accuracy!.Value, f.MeanAccuracy!.Value, f.Precision ?? 0, f.Recall!.Value, f.Specificity!.Value, f.F1!.Value,
                ImageMetrics.AveragePrecision(normal, anomalous)!.Value, curve.Count,
                .. curve.Reverse().SelectMany(p => new[] { p.FalsePositiveRate, p.TruePositiveRate }),
            ]);
        }
        double[] theirs = Numbers(Python.Run($$"""
            import sys, os; os.chdir(sys.argv[1])
            import numpy as np
            from sklearn.metrics import *
            for c in range({{cases.Length}}):
                n, a = np.fromfile(f'n{c}', np.float32), np.fromfile(f'a{c}', np.float32)
                y, s = np.r_[np.zeros(len(n)), np.ones(len(a))], np.r_[n, a]
                p = s >= np.fromfile(f't{c}', np.float32)[0]
                print(*map(repr, [*confusion_matrix(y, p).ravel().tolist(), *confusion_matrix(y, p, normalize='true').ravel().tolist(),
                    accuracy_score(y, p), balanced_accuracy_score(y, p), precision_score(y, p, zero_division=0), recall_score(y, p),
                    recall_score(y, p, pos_label=0), f1_score(y, p), average_precision_score(y, s)]))
                f, t, _ = roc_curve(y, s, drop_intermediate=False)
                print(len(f), *map(repr, np.c_[f, t].ravel().tolist()))
            """, "numpy sklearn", folder.Path));
        Assert.Equal(theirs.Length, ours.Count);
        for (int i = 0; i < ours.Count; i++) Assert.Equal(theirs[i], ours[i], 1e-9);
    }

    private static float[] Draw(int count, Func<float> score) => [.. Enumerable.Range(0, count).Select(_ => score())];

    [Fact]
    public void A_monotone_transform_and_a_permutation_change_no_figure() =>
        Gen.Select(Gen.Int[0, 50].Array[1, 60], Gen.Int[0, 50].Array[1, 60], Gen.Int[0, 1000]).Sample((n, a, seed) =>
        {
            float[] normal = [.. n.Select(v => v / 10f)], anomalous = [.. a.Select(v => v / 10f)];
            float[] transformedNormal = [.. normal.Select(Transformed)], transformedAnomalous = [.. anomalous.Select(Transformed)];
            new Random(seed).Shuffle(transformedNormal);
            new Random(seed).Shuffle(transformedAnomalous);
            Assert.Equal(ImageMetrics.Auroc(normal, anomalous), ImageMetrics.Auroc(transformedNormal, transformedAnomalous));
            Assert.Equal(ImageMetrics.AveragePrecision(normal, anomalous), ImageMetrics.AveragePrecision(transformedNormal, transformedAnomalous));
            Assert.Equal(ImageMetrics.F1Max(normal, anomalous), ImageMetrics.F1Max(transformedNormal, transformedAnomalous));
            static float Transformed(float s) => MathF.Exp(s) * 5 - 300;
        });

    internal static double[] Numbers(string text) =>
        [.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(t => double.Parse(t, CultureInfo.InvariantCulture))];

    [Fact]
    public void One_class_alone_has_no_figure()
    {
        Assert.Null(ImageMetrics.Auroc([1, 2], []));
        Assert.Null(ImageMetrics.Auroc([], [1, 2]));
        Assert.Null(ImageMetrics.F1Max([1, 2], []));
        Assert.Null(ImageMetrics.AveragePrecision([1, 2], []));
        Assert.Null(ImageMetrics.AveragePrecision([], [1, 2]));
        Assert.Null(ImageMetrics.F1Max([], [1, 2]));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Scores_that_are_not_finite_are_refused(float bad) =>
        Assert.Throws<EdgeException>(() => ImageMetrics.Auroc([1, bad], [2]));
}
