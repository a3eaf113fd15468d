using Xunit;

namespace Edge.Tests;

public sealed class DemoTests(TrainedLine line)
{
    [Fact]
    public void The_demo_shows_verdicts_and_its_ledger_closes()
    {
        using TempFolder folder = new();
        Finished finished = Programs.Run(Programs.Agent, 0, "demo", "--models", line.Models, "--parts", "8", "--interval", "100", "--mqtt-port", "0", "--http-port", "0", "--heatmaps", folder["maps"]);
        string[] lines = finished.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(8, lines.Count(l => l.StartsWith("part-", StringComparison.Ordinal) && (l.Contains(" accept ", StringComparison.Ordinal) || l.Contains(" reject ", StringComparison.Ordinal))));
        Assert.Contains("/metrics", finished.Output, StringComparison.Ordinal);
        Assert.Contains("8 triggers = ", lines[^1], StringComparison.Ordinal);
        Assert.Contains("difference 0", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_model_it_says_what_to_do()
    {
        using TempFolder folder = new();
        Finished finished = Programs.Run(Programs.Agent, 1, "demo", "--models", folder["none"], "--mqtt-port", "0", "--http-port", "0");
        Assert.Contains("edge-trainer train", finished.Error, StringComparison.Ordinal);
        Assert.Single(finished.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
