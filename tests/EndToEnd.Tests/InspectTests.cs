using System.Text.Json;
using Edge.Packages;
using Edge.Scoring;
using Xunit;

namespace Edge.Tests;

public sealed class InspectTests(TrainedLine line)
{
    [Fact]
    public void One_json_line_a_picture_and_one_heatmap()
    {
        using TempFolder folder = new();
        string[] pictures = [.. Directory.EnumerateFiles(Path.Combine(line.Data, "test"), "*.*", SearchOption.AllDirectories).Order()];
        Finished finished = Programs.Run(Programs.Agent, 0, ["inspect", "--package", line.Package, .. pictures, "--heatmaps", folder["maps"], "--normalise", "0,100", "--output-range", "0,10"]);
        JsonElement[] lines = [.. finished.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal(pictures, lines.Select(l => l.GetProperty("file").GetString()));
        Calibration calibration = PackageStore.OpenAny(line.Package).Manifest.Calibration;
        (double low, double high, float threshold) = (calibration.Normals.Quantiles[0], calibration.Normals.Quantiles[^1], calibration.Threshold);
        foreach (JsonElement l in lines)
        {
            double within = (l.GetProperty("score").GetDouble() - low) / (high - low);
            Assert.Equal(10 * Math.Clamp(within, 0, 1), l.GetProperty("normalised").GetDouble(), 1e-4);
            Assert.Equal(within is < 0 or > 1, l.GetProperty("clipped").GetBoolean());
            Assert.Equal(threshold, l.GetProperty("threshold").GetSingle());
            Assert.Equal(l.GetProperty("score").GetSingle() >= threshold ? "reject" : "accept", l.GetProperty("verdict").GetString());
        }
        Assert.Contains(lines, l => l.GetProperty("verdict").GetString() == "reject" && !l.GetProperty("file").GetString()!.Contains("/good/", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.GetProperty("verdict").GetString() == "accept" && l.GetProperty("file").GetString()!.Contains("/good/", StringComparison.Ordinal));
        Assert.Equal(pictures.Length, Directory.EnumerateFiles(folder["maps"]).Count());
    }

    [Fact]
    public void A_picture_that_cannot_be_read_is_uninspected_and_the_others_go_on()
    {
        using TempFolder folder = new();
        string good = Directory.EnumerateFiles(Path.Combine(line.Data, "test/good")).First();
        File.WriteAllBytes(folder["cut.png"], File.ReadAllBytes(good).AsSpan(0, 5000));
        Finished finished = Programs.Run(Programs.Agent, 1, "inspect", "--package", line.Package, folder["cut.png"], folder["absent.png"], good);
        JsonElement[] lines = [.. finished.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal(["uninspected", "uninspected"], lines[..2].Select(l => l.GetProperty("verdict").GetString()));
        Assert.Contains("cut.png", lines[0].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.NotEqual("uninspected", lines[2].GetProperty("verdict").GetString());
    }

    [Fact]
    public void A_truncated_package_is_refused_with_one_clear_line()
    {
        using TempFolder folder = new();
        Directory.CreateDirectory(folder["1/golden"]);
        Package package = PackageStore.OpenAny(line.Package);
        foreach (string file in package.Manifest.Files.Keys.Append("manifest.json")) File.Copy(Path.Combine(package.Folder, file), folder["1/" + file]);
        using (FileStream model = File.OpenWrite(folder["1/model.onnx"])) model.SetLength(model.Length / 2);
        Finished finished = Programs.Run(Programs.Agent, 1, "inspect", "--package", folder["1"], Directory.EnumerateFiles(Path.Combine(line.Data, "test/good")).First());
        Assert.Equal("", finished.Output);
        Assert.Contains("model.onnx is damaged", finished.Error, StringComparison.Ordinal);
        Assert.Single(finished.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Wrong_usage_says_so()
    {
        Assert.Contains("--package", Programs.Run(Programs.Agent, 2, "inspect", "a.png").Error, StringComparison.Ordinal);
        Assert.Contains("Examples:", Programs.Run(Programs.Agent, 0, "inspect", "--help").Output, StringComparison.Ordinal);
    }
}
