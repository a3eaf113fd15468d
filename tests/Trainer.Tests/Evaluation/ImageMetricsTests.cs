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

    internal static double[] Numbers(string text) =>
        [.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(t => double.Parse(t, CultureInfo.InvariantCulture))];

    [Fact]
    public void One_class_alone_has_no_figure()
    {
        Assert.Null(ImageMetrics.Auroc([1, 2], []));
        Assert.Null(ImageMetrics.Auroc([], [1, 2]));
        Assert.Null(ImageMetrics.F1Max([1, 2], []));
        Assert.Null(ImageMetrics.F1Max([], [1, 2]));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Scores_that_are_not_finite_are_refused(float bad) =>
        Assert.Throws<EdgeException>(() => ImageMetrics.Auroc([1, bad], [2]));
}
