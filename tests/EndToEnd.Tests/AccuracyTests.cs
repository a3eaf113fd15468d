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
    }
}
