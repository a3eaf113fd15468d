using System.Text.Json;
using Edge.Packages;
using Xunit;

namespace Edge.Tests;

/// <summary>The trainer as its user meets it: what it prints, what it leaves behind, and what it does with bad input.</summary>
public sealed class TrainTests(TrainedLine line)
{
    private static string[] Train(string data, string models, params string[] more) =>
        ["train", "--method", "patchcore", "--data", data, "--name", "flange", "--models", models, "--coreset", "0.02", .. more];

    [Fact]
    public void Json_is_one_document_and_agrees_with_the_package()
    {
        JsonElement json = JsonDocument.Parse(line.TrainJson).RootElement;
        Manifest manifest = PackageStore.OpenAny(line.Package).Manifest;
        Assert.Equal(manifest.Version, json.GetProperty("version").GetInt32());
        Assert.Equal(manifest.Calibration.Threshold, json.GetProperty("threshold").GetSingle());
        Assert.True(manifest.Parity.MaxRelativeScore < 1e-4 && manifest.Parity.Images > 0);
        Assert.True(manifest.Evaluation!.ImageAuroc > 0.7, $"{manifest.Evaluation.ImageAuroc}");
    }

    [Fact]
    public void A_damaged_picture_is_named_skipped_and_counted_and_strict_stops()
    {
        using TempFolder folder = new();
        Copy(Path.Combine(line.Data, "train/good"), folder["data/train/good"], 24);
        File.WriteAllBytes(folder["data/train/good/zz-cut.jpg"], File.ReadAllBytes(Directory.EnumerateFiles(folder["data/train/good"]).First()).AsSpan(0, 4000));
        Finished finished = Programs.Run(Programs.Trainer, 0, Train(folder["data"], folder["models"]));
        Assert.Contains("zz-cut.jpg", finished.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', finished.Output);   // piped: no colours, no bars
        Assert.Equal(1, PackageStore.OpenAny(folder["models/flange"]).Manifest.Dataset.Skipped);

        Finished strict = Programs.Run(Programs.Trainer, 1, Train(folder["data"], folder["strict"], "--strict"));
        Assert.Contains("zz-cut.jpg", strict.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["strict/flange"]));
    }

    [Theory]
    [InlineData("fastflow")]
    [InlineData("fcdd")]
    public void A_network_is_trained_by_the_same_command_and_the_agent_inspects_with_it(string method)
    {
        using TempFolder folder = new();
        Programs.Run(Programs.Trainer, 0, "train", "--method", method, "--data", line.Data, "--name", "network", "--models", folder["models"], "--size", "128", "--quick");
        Assert.Equal(method, PackageStore.OpenAny(folder["models/network"]).Manifest.Method);
        string picture = Directory.EnumerateFiles(Path.Combine(line.Data, "test/good")).First();
        string verdict = Programs.Run(Programs.Agent, 0, "inspect", "--package", folder["models/network"], picture).Output;
        Assert.Contains(JsonDocument.Parse(verdict).RootElement.GetProperty("verdict").GetString()!, (string[])["accept", "reject"]);

        Finished larger = Programs.Run(Programs.Trainer, 0, "evaluate", "--package", folder["models/network"], "--data", line.Data, "--size", "160x128");
        Assert.Contains("the threshold was chosen at 128×128", larger.Output, StringComparison.Ordinal);
        Finished refused = Programs.Run(Programs.Trainer, 1, "evaluate", "--package", line.Package, "--data", line.Data, "--size", "128");
        Assert.Contains("takes 256×256 only", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("absent")]
    public void A_folder_without_pictures_is_one_clear_line(string which)
    {
        using TempFolder folder = new();
        Directory.CreateDirectory(folder["empty"]);
        Finished finished = Programs.Run(Programs.Trainer, 1, Train(folder[which], folder["models"]));
        Assert.Contains(folder[which], finished.Error, StringComparison.Ordinal);
        Assert.Single(finished.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.False(Directory.Exists(folder["models/flange"]));
    }

    [Fact]
    public async Task Ctrl_C_leaves_nothing_half_written()
    {
        using TempFolder folder = new();
        // A shell without job control starts its background jobs so, they hand it on, and .NET leaves it at that.
        bool ignored = (Convert.ToUInt64(File.ReadLines("/proc/self/status").First(l => l.StartsWith("SigIgn:", StringComparison.Ordinal))[7..].Trim(), 16) & 2) != 0;
        Assert.SkipWhen(ignored, "SIGINT is ignored by whoever started the tests");
        using RunningProgram training = Programs.Start(Programs.Trainer, Train(line.Data, folder["models"], "--size", "512"));
        await Eventually.True(() => training.Output.Contains("to train on", StringComparison.Ordinal), "training has begun");
        training.Signal(2);
        Finished finished = training.Wait();
        Assert.Equal(130, finished.ExitCode);
        Assert.Contains("cancelled", finished.Error, StringComparison.Ordinal);
        Assert.True(!Directory.Exists(folder["models"]) || !Directory.EnumerateFileSystemEntries(folder["models"], "*", SearchOption.AllDirectories).Any());
    }

    [Fact]
    public void A_disk_that_is_full_is_a_clear_message_and_nothing_is_published()
    {
        using SmallDisk disk = new(256);
        Finished finished = Programs.Run(Programs.Trainer, 1, Train(line.Data, disk["models"]));
        Assert.Contains("space", finished.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Single(finished.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(Directory.EnumerateFiles(disk.Path, "*", SearchOption.AllDirectories));
    }

    private static void Copy(string from, string to, int count)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from).Order().Take(count)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
