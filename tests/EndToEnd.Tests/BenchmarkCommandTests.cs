using System.Text.Json;
using Xunit;

namespace Edge.Tests;

public sealed class BenchmarkCommandTests(TrainedLine line)
{
    [Fact]
    public void A_benchmark_measures_each_case_once_and_says_which_failed()
    {
        using TempFolder folder = new();
        string[] arguments = ["benchmark", "--data", line.Data, "--run", "patchcore --coreset 0.02", "--results", folder["results.jsonl"], "--json"];
        JsonElement row = Assert.Single(JsonDocument.Parse(Programs.Run(Programs.Trainer, 0, arguments).Output).RootElement.EnumerateArray());
        Assert.Equal((40, 8), (row.GetProperty("trained").GetInt32(), row.GetProperty("testNormal").GetInt32()));   // all normals are trained on
        Assert.InRange(row.GetProperty("imageAuroc").GetDouble(), 0.6, 1);
        Assert.True(row.GetProperty("inferenceMilliseconds").GetDouble() > 0 && row.GetProperty("trainingProcessorSeconds").GetDouble() > 0);
        string before = File.ReadAllText(folder["results.jsonl"]);

        Finished again = Programs.Run(Programs.Trainer, 1, [.. arguments, "--run", "patchcore --coreset 7"]);
        Assert.Contains("measured before", again.Error, StringComparison.Ordinal);
        Assert.Contains("1 of 2 trainings failed", again.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(folder["results.jsonl"]));
    }
}
