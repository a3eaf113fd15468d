using System.Text.Json;
using Xunit;

namespace Edge.Tests;

/// <summary>A backbone carried by hand, from the file to a package, on a machine without a network.</summary>
public sealed class BackbonesCommandTests(TrainedLine line)
{
    [Fact]
    public void A_carried_file_is_added_listed_trained_with_and_found_damaged()
    {
        using TempFolder folder = new();
        string store = folder["store"], carried = Path.Combine(TestPaths.Repository, "src/Trainer/Backbones/edge18.safetensors");
        Finished Run(int exitCode, params string[] arguments) => Programs.Run(Programs.Trainer, exitCode, ["backbones", .. arguments, "--store", store]);
        Assert.Contains("ours: ResNet-18", Run(0, "add", carried, "--name", "ours", "--licence", "our own").Output, StringComparison.Ordinal);
        string path = Run(0, "path", "ours").Output.Trim();
        Assert.Equal(File.ReadAllBytes(carried), File.ReadAllBytes(path));
        JsonElement listed = JsonDocument.Parse(Run(0, "list", "--json").Output).RootElement;
        Assert.Equal("our own", listed.EnumerateArray().Single(b => b.GetProperty("name").GetString() == "ours").GetProperty("licence").GetString());
        Assert.Contains("carry resnet50-0676ba61.pth here", Run(1, "path", "resnet50").Error, StringComparison.Ordinal);

        string trained = Programs.Run("env", 0, $"EDGE_BACKBONES={store}", Programs.Trainer, "train", "--method", "patchcore", "--data", line.Data, "--name", "part", "--models", folder["models"], "--backbone", "ours", "--size", "64", "--quick", "--json").Output;
        Assert.Equal("ours", JsonDocument.Parse(trained).RootElement.GetProperty("backbone").GetString());

        Assert.Equal("ours: ok", Run(0, "verify").Output.Trim());
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        Finished damaged = Run(1, "verify", "ours");
        Assert.Contains("ours: damaged", damaged.Output, StringComparison.Ordinal);
        Assert.Contains("1 of 1 backbones", damaged.Error, StringComparison.Ordinal);
    }
}
