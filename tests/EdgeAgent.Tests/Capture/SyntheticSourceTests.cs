using Edge.Agent.Capture;
using Edge.Agent.Configuration;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Capture;

public sealed class SyntheticSourceTests
{
    [Fact]
    public void The_same_seed_gives_the_same_parts_and_defects_at_their_rate()
    {
        (string Label, byte[] Pixels)[] first = Render(seed: 1, rate: 0.5), again = Render(seed: 1, rate: 0.5), other = Render(seed: 2, rate: 0.5);
        Assert.Equal(first, again, (a, b) => a.Label == b.Label && a.Pixels.AsSpan().SequenceEqual(b.Pixels));
        Assert.NotEqual(first[0].Pixels, other[0].Pixels);
        Assert.All(Render(seed: 1, rate: 0), part => Assert.EndsWith("-normal", part.Label, StringComparison.Ordinal));
        Assert.DoesNotContain(Render(seed: 1, rate: 1), part => part.Label.EndsWith("-normal", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_station_inspects_rendered_parts()
    {
        await using TestAgent agent = new();
        agent.StationOptions.Source = new SourceOptions { Kind = SourceKind.Synthetic, Width = 256, Height = 256 };
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Ledger.Triggers >= 3 && agent.Station.Ledger.Last?.Result is { Score: > 0 and < 255 }, "parts with a score");
        Assert.StartsWith("part-", agent.Station.Ledger.Last!.Result!.Frame, StringComparison.Ordinal);
    }

    private static (string Label, byte[] Pixels)[] Render(int seed, double rate)
    {
        using SyntheticSource source = new(new SourceOptions { Width = 256, Height = 256, Seed = seed, DefectRate = rate });
        source.Open();
        Frame frame = new();
        return [.. Enumerable.Range(0, 4).Select(_ =>
        {
            Assert.Equal(Grab.Frame, source.Grab(frame, TimeSpan.Zero));
            return (frame.Label!, frame.Image.Pixels.ToArray());
        })];
    }
}
