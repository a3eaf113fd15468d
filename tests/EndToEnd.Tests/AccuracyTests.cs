using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Edge.Tests;

/// <summary>
/// Image AUROC on real pictures, at least an independent implementation's minus 0.01, by the same protocol (ResNet-18 trunk, 256 × 256,
/// coreset 5 %, all of train/good trained on). magnetic_tile (761 pictures) takes minutes: docs/accuracy.md has its figures.
/// </summary>
public sealed class AccuracyTests
{
    [Theory]
    [InlineData("cookies")]
    [InlineData("dobot_cubes")]
    [InlineData("print_aqa")]
    public void Image_auroc_reaches_the_independent_implementation(string set)
    {
        string data = TestPaths.Shared($"datasets/{set}"), backbone = TestPaths.Shared("backbones/resnet18_trunk.safetensors");
        using JsonDocument reference = JsonDocument.Parse(File.ReadAllText(TestPaths.Shared("reference.json")));
        double expected = reference.RootElement.GetProperty("patchcore").GetProperty(set).GetProperty("image_auroc").GetDouble();
        using TempFolder folder = new();
        string json = Programs.Run(Programs.Trainer, 0, "train", "--method", "patchcore", "--data", data, "--name", "part", "--models", folder["models"],
            "--backbone", backbone, "--coreset", "0.05", "--calibrate-on", Path.Combine(data, "test/good"), "--json").Output;
        double reached = JsonDocument.Parse(json).RootElement.GetProperty("evaluation").GetProperty("imageAuroc").GetDouble();
        Assert.True(reached >= expected - 0.01, $"{reached}, the reference reached {expected}");

        // The same scores in scikit-learn: every figure and every point of the curve, to 1e-9.
        File.WriteAllText(folder["evaluation.json"], Programs.Run(Programs.Trainer, 0, "evaluate", "--package", folder["models/part"], "--data", data, "--json").Output);
        string worst = Python.Run("""
            import json, sys, numpy as np
            from sklearn.metrics import *
            d = json.load(open(sys.argv[1])); f = d['figures']; at = f['atThreshold']
            y = np.array([p['label'] != 'good' for p in d['pictures']])
            s = np.array([p['score'] for p in d['pictures']], np.float32); p = s >= np.float32(d['threshold'])
            precision, recall, _ = precision_recall_curve(y, s)
            fpr, tpr, _ = roc_curve(y, s, drop_intermediate=False)
            curve = f['operatingCurve'][::-1]
            ours = [f['imageAuroc'], f['averagePrecision'], f['f1Max'], at['accuracy'], at['meanAccuracy'], at['precision'], at['recall'],
                at['specificity'], at['f1'], *np.ravel(at['normalised']), *[q['falsePositiveRate'] for q in curve], *[q['truePositiveRate'] for q in curve]]
            theirs = [roc_auc_score(y, s), average_precision_score(y, s), np.max(2 * precision * recall / np.maximum(precision + recall, 1e-300)),
                accuracy_score(y, p), balanced_accuracy_score(y, p), precision_score(y, p), recall_score(y, p), recall_score(y, p, pos_label=0),
                f1_score(y, p), *confusion_matrix(y, p, normalize='true').ravel(), *fpr, *tpr]
            assert len(ours) == len(theirs)
            print(repr(float(np.max(np.abs(np.array(ours) - theirs)))))
            """, "numpy sklearn", folder["evaluation.json"]);
        Assert.InRange(double.Parse(worst, CultureInfo.InvariantCulture), 0, 1e-9);
    }
}
