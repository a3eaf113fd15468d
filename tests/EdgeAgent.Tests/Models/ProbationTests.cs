using System.Text.Json.Nodes;
using Edge.Agent.Models;
using Edge.Journal;
using Edge.Packages;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Models;

public sealed class ProbationTests
{
    private static async Task<(TestAgent Agent, Plc Plc)> StartAsync(TestBroker broker, byte brightness)
    {
        Plc plc = await Plc.ConnectAsync(broker);
        TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", brightness);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        for (int i = 0; i < 30; i++) await InspectAsync(plc, $"before-{i}");
        return (agent, plc);
    }

    private static async Task<Heard> InspectAsync(Plc plc, string job)
    {
        await plc.TriggerAsync(job);
        return await plc.VerdictAsync(job);
    }

    [Theory]
    [InlineData(BrightFault.None, 70, 40, "were not accepted")]
    [InlineData(BrightFault.NaN, 0, 255, "could not be inspected")]
    [InlineData(BrightFault.Throw, 0, 255, "could not be inspected")]
    public async Task A_version_that_rejects_or_fails_every_part_is_withdrawn(BrightFault fault, int bias, byte brightness, string why)
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        (TestAgent agent, Plc plc) = await StartAsync(broker, brightness);
        await using (plc)
        await using (agent)
        {
            TestModels.Publish(agent.Models, TinyGraph.Write(bias: bias, fault: fault));
            await plc.HearAsync("model", h => h["state"] == "running" && h["version"] == "2");
            await agent.UntilAsync(() => agent.Station.Inspector.Model!.Version == 2, "it runs");
            Assert.Equal(2, agent.Station.Probation.Version);
            int wrong = 0;
            while (agent.Station.Inspector.Model!.Version == 2)
            {
                await InspectAsync(plc, $"on-probation-{wrong++}");
                Assert.InRange(wrong, 1, agent.Options.Probation.Parts);
            }
            // 30 good parts say that at most 24.2 % were rejected (1 - 0.00025^(1/30)); nine in a row have 2.9e-6, ten 6.9e-7, of 2.5e-6 that are allowed.
            Assert.InRange(wrong, 10, agent.Options.Probation.Parts);
            await agent.UntilAsync(() => new PackageStore(agent.Models).History(TestModels.Name).Count == 3, "it is written down");
            Assert.Equal(("1", brightness == 40 ? "accept" : "reject"), (await InspectAsync(plc, "after") is var h ? (h["version"], h["verdict"]) : default));
            Assert.Null(agent.Station.Probation.Version);
            Assert.Equal(1, agent.Station.Watcher.Withdrawals);
            Activation last = new PackageStore(agent.Models).History(TestModels.Name)[^1];
            Assert.Equal((2, 1, "probation at line1/cam1"), (last.From, last.To, last.By));
            Assert.Contains(why, last.Why, StringComparison.Ordinal);

            await agent.Host.StopAsync(TestContext.Current.CancellationToken);
            using JournalFile journal = JournalFile.Open(agent["journal.db"]);
            JsonNode entry = JsonNode.Parse(journal.After(0).Last(e => e.Kind == JournalKind.Event).Record)!;
            Assert.Equal(("model-running", 1, 2, last.Why), ((string)entry["event"]!, (int)entry["version"]!, (int)entry["from"]!, (string)entry["why"]!));
        }
    }

    [Fact]
    public async Task A_version_as_good_as_the_one_before_stays()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        (TestAgent agent, Plc plc) = await StartAsync(broker, brightness: 40);
        await using (plc)
        await using (agent)
        {
            TestModels.Publish(agent.Models, TinyGraph.Write(bias: 5));
            await agent.UntilAsync(() => agent.Station.Probation.Version == 2, "it is on probation");
            for (int i = 0; agent.Station.Probation.Version == 2; i++)
            {
                Assert.Equal("accept", (await InspectAsync(plc, $"part-{i}"))["verdict"]);
                Assert.InRange(i, 0, agent.Options.Probation.Parts);
            }
            Assert.Equal((2, 0), (agent.Station.Inspector.Model!.Version, agent.Station.Watcher.Withdrawals));
        }
    }

    [Fact]
    public async Task A_restart_begins_the_probation_again_with_what_was_known_before()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        (TestAgent agent, Plc plc) = await StartAsync(broker, brightness: 40);
        await using (plc)
        await using (agent)
        {
            TestModels.Publish(agent.Models, TinyGraph.Write(bias: 70));
            await agent.UntilAsync(() => agent.Station.Probation.Version == 2, "it is on probation");
            string kept = Path.Combine(agent.Options.State, "cam1.probation");
            await agent.UntilAsync(() => File.Exists(kept), "it is kept");
            await agent.RestartAsync();
            Assert.Equal(2, agent.Station.Probation.Version);
            await plc.UntilAsync(() => plc.All("status")[^1]["ready"] == "true", "ready");
            for (int i = 0; agent.Station.Inspector.Model!.Version == 2; i++)
            {
                await InspectAsync(plc, $"again-{i}");
                Assert.InRange(i, 0, agent.Options.Probation.Parts);
            }
            await agent.UntilAsync(() => new PackageStore(agent.Models).History(TestModels.Name)[^1].To == 1, "it is written down");
            Assert.Contains("with version 1 at most 24.2 %", new PackageStore(agent.Models).History(TestModels.Name)[^1].Why, StringComparison.Ordinal);
            await agent.UntilAsync(() => !File.Exists(kept), "it is over");
            await agent.RestartAsync();
            Assert.Equal((1, null), (agent.Station.Inspector.Model!.Version, agent.Station.Probation.Version));
        }
    }

    [Fact]
    public async Task When_current_cannot_be_written_the_station_goes_back_all_the_same()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        (TestAgent agent, Plc plc) = await StartAsync(broker, brightness: 40);
        await using (plc)
        await using (agent)
        {
            string history = Path.Combine(agent.Models, TestModels.Name, "history.jsonl");
            TestModels.Publish(agent.Models, TinyGraph.Write(bias: 70));
            await agent.UntilAsync(() => agent.Station.Probation.Version == 2, "it is on probation");
            string current = Path.Combine(agent.Models, TestModels.Name, "current");
            File.Delete(current);
            Directory.CreateDirectory(Path.Combine(current, "in the way"));   // no rename can replace it
            for (int i = 0; agent.Station.Inspector.Model!.Version == 2; i++) await InspectAsync(plc, $"p-{i}");
            Heard refused = await plc.HearAsync("model", h => h["state"] == "refused" && h["version"] == "1");
            Assert.Contains("were not accepted", refused["reason"], StringComparison.Ordinal);
            Assert.Equal("1", (await InspectAsync(plc, "after"))["version"]);
            Assert.True(File.Exists(history));
        }
    }

    /// <summary>Against closed forms: no event before, and every part an event.</summary>
    [Theory]
    [InlineData(30, 0.001, 100)]
    [InlineData(1000, 0.001, 100)]
    [InlineData(50, 0.05, 20)]
    public void A_step_is_seen_when_the_binomial_tail_says_so(int before, double falseAlarm, int looks)
    {
        RateStep step = new(0, before, falseAlarm, looks);
        double bound = 1 - Math.Pow(falseAlarm / 2, 1.0 / before);
        Assert.Equal(bound, step.Bound, 1e-12);
        for (int n = 1; n <= looks; n++) Assert.Equal(Math.Pow(bound, n) < falseAlarm / 2 / looks, step.IsStep(n, n));
        Assert.False(step.IsStep(0, looks));
        Assert.False(new RateStep(0, 0, falseAlarm, looks).IsStep(looks, looks));   // nothing is known
        Assert.Equal(new RateStep(200, 10_000, falseAlarm, looks).Bound, new RateStep(20_000, 1_000_000, falseAlarm, looks).Bound);
    }

    [Fact]
    public void Versions_as_good_as_before_are_withdrawn_no_more_often_than_stated_and_worse_ones_soon()
    {
        Random random = new(7);
        const double falseAlarm = 0.05, rate = 0.05;
        int alarms = 0;
        List<int> delays = [];
        for (int run = 0; run < 4000; run++)
        {
            RateStep step = new(Enumerable.Range(0, 300).Count(_ => random.NextDouble() < rate), 300, falseAlarm, 100);
            if (Delay(step, rate) is not null) alarms++;
            if (Delay(step, 0.5) is { } delay) delays.Add(delay);
        }
        // Both halves of the bound are far from tight: what is stated is a bound.
        Assert.InRange(alarms / 4000.0, 0, falseAlarm);
        Assert.Equal(4000, delays.Count);
        TestContext.Current.TestOutputHelper?.WriteLine($"{alarms / 4000.0:P2} false alarms of {falseAlarm:P0} allowed; ten times the rate is seen after {delays.Average():F1} parts, 99 % within {delays.Order().ElementAt(3960)}");

        int? Delay(RateStep step, double p)
        {
            int events = 0;
            for (int n = 1; n <= 100; n++)
                if (random.NextDouble() < p && step.IsStep(++events, n)) return n;
            return null;
        }
    }
}
