using System.Text.Json.Nodes;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Journal;
using Edge.Packages;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Models;

/// <summary>Two stations with one model: what the first gets before the second.</summary>
public sealed class CanaryTests
{
    private static async Task<(TestAgent Agent, Plc Plc)> StartAsync(TestBroker broker)
    {
        Plc plc = await Plc.ConnectAsync(broker);
        TestAgent agent = new(broker);
        agent.AddPicture("1.png", 40);
        agent.StationOptions.Source.Loop = true;
        agent.Options.Stations["cam2"] = new StationOptions { Model = TestModels.Name, Threads = 1, Source = { Path = agent.Pictures, Loop = true }, Trigger = { Mode = TriggerMode.Mqtt } };
        await agent.StartWithModelAsync();
        await ReadyAsync(agent);
        return (agent, plc);
    }

    private static Task ReadyAsync(TestAgent agent) => agent.UntilAsync(() => agent.Host.Stations.All(s => s.NotReady() is null && s.Link!.IsConnected), "both ready");

    private static Station Second(TestAgent agent) => agent.Host.Stations[1];

    private static async Task<string?> VersionAsync(Plc plc, string station)
    {
        string job = $"{station}-{Guid.NewGuid():N}";
        await plc.TriggerAsync(job, station: station);
        return (await plc.VerdictAsync(job))["version"];
    }

    [Fact]
    public async Task It_runs_at_its_station_until_it_is_activated_for_all_or_rolled_back()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        (TestAgent agent, Plc plc) = await StartAsync(broker);
        await using (plc)
        await using (agent)
        {
            for (int i = 0; i < 5; i++) await VersionAsync(plc, "cam1");
            for (int bias = 1; bias <= 2; bias++) TestModels.Publish(agent.Models, TinyGraph.Write(bias: bias), setCurrent: false);
            PackageStore store = new(agent.Models);
            Assert.Equal(("true", "2"), (await plc.RequestAsync("""{"command":"canary","version":2,"why":"new lamp"}""") is var h ? (h["ok"], h["version"]) : default));
            Assert.Equal(("2", "1"), (await VersionAsync(plc, "cam1"), await VersionAsync(plc, "cam2")));
            Assert.Equal(("2 cam1", 1), (store.Canary(TestModels.Name)!.ToString(), store.Current(TestModels.Name)));
            Assert.Equal((2, (int?)null), (agent.Station.Probation.Version, Second(agent).Probation.Version));
            Heard told = await plc.HearAsync("model", m => m["canary"] == "true" && m["version"] == "2");
            Assert.Equal("edge/line1/cam1/model", told.Topic);

            Assert.Contains("version 2 is the canary (at cam1)", (await plc.RequestAsync("""{"command":"canary","version":3}"""))["reason"], StringComparison.Ordinal);
            Assert.Contains("version 1 is current", (await plc.RequestAsync("""{"command":"canary","version":1}"""))["reason"], StringComparison.Ordinal);
            Assert.Equal("2", await VersionAsync(plc, "cam1"));

            // A restart changes nothing.
            await agent.RestartAsync();
            await ReadyAsync(agent);
            await agent.UntilAsync(() => Second(agent).Inspector.Model is not null, "both models");
            Assert.Equal(("2", "1"), (await VersionAsync(plc, "cam1"), await VersionAsync(plc, "cam2")));

            Assert.Equal(("true", "1"), (await plc.RequestAsync("""{"command":"rollback","why":"too many rejects"}""") is var r ? (r["ok"], r["version"]) : default));
            Assert.Equal(("1", "1", null), (await VersionAsync(plc, "cam1"), await VersionAsync(plc, "cam2"), store.Canary(TestModels.Name)));

            store.AddCanary(TestModels.Name, 3, "cam2", "somebody", "by file");
            await agent.UntilAsync(() => Second(agent).Inspector.Model!.Version == 3, "version 3 at the second");
            Assert.Equal(("1", "3"), (await VersionAsync(plc, "cam1"), await VersionAsync(plc, "cam2")));
            Assert.Equal("true", (await plc.RequestAsync("""{"command":"activate","version":3}"""))["ok"]);
            Assert.Equal(("3", "3", null), (await VersionAsync(plc, "cam1"), await VersionAsync(plc, "cam2"), store.Canary(TestModels.Name)));
            await agent.UntilAsync(() => Second(agent).Watcher.Status == new ModelStatus(ModelState.Running, 3, null), "the second's is no canary any more");

            Assert.Equal(
                [(1, 2, "canary at cam1", "new lamp"), (2, 0, "canary at cam1", "too many rejects"), (1, 3, "canary at cam2", "by file"), (1, 3, null, null), (3, 0, "canary at cam2", "version 3 is current")],
                store.History(TestModels.Name).Skip(1).Select(a => (a.From, a.To, a.Role, a.Why)));
            await agent.Host.StopAsync(TestContext.Current.CancellationToken);
            using JournalFile journal = JournalFile.Open(agent["journal.db"]);
            Assert.Equal(
                [("cam1", 1, null, "published"), ("cam1", 2, "canary at cam1", "new lamp"), ("cam1", 2, "canary at cam1", "new lamp"), ("cam1", 1, "canary at cam1", "too many rejects"), ("cam1", 3, null, null),
                 ("cam2", 1, null, "published"), ("cam2", 1, null, "published"), ("cam2", 3, "canary at cam2", "by file")],
                journal.After(0).Where(e => e.Kind == JournalKind.Event).Select(e => (e.Station, Json: JsonNode.Parse(e.Record)!)).OrderBy(e => e.Station)
                    .Select(e => (e.Station, (int)e.Json["version"]!, (string?)e.Json["role"], (string?)e.Json["why"])));
        }
    }

    [Fact]
    public async Task One_that_does_not_pass_its_probation_is_taken_back_everywhere_and_the_others_never_had_it()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        (TestAgent agent, Plc plc) = await StartAsync(broker);
        await using (plc)
        await using (agent)
        {
            for (int i = 0; i < 30; i++) await VersionAsync(plc, "cam1");
            TestModels.Publish(agent.Models, TinyGraph.Write(bias: 70), setCurrent: false);
            await plc.RequestAsync("""{"command":"canary","version":2}""");
            int wrong = 0;
            while (await VersionAsync(plc, "cam1") == "2")
            {
                Assert.Equal("1", await VersionAsync(plc, "cam2"));
                Assert.InRange(++wrong, 1, agent.Options.Probation.Parts);
            }
            PackageStore store = new(agent.Models);
            await agent.UntilAsync(() => store.History(TestModels.Name)[^1].To == 0, "it is written down");
            Assert.Equal((1, null), (store.Current(TestModels.Name), store.Canary(TestModels.Name)));
            Activation last = store.History(TestModels.Name)[^1];
            Assert.Equal(("canary at cam1", "probation at line1/cam1"), (last.Role, last.By));
            Assert.Contains("were not accepted", last.Why, StringComparison.Ordinal);
            Assert.Equal((1, 0, 1L), (agent.Station.Watcher.Withdrawals, Second(agent).Watcher.Withdrawals, Second(agent).Inspector.Swaps));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task When_configured_one_that_has_passed_at_all_its_stations_becomes_current_by_itself(bool restart)
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        (TestAgent agent, Plc plc) = await StartAsync(broker);
        await using (plc)
        await using (agent)
        {
            agent.Options.Probation.PromoteCanary = true;
            agent.Options.Probation.Parts = 10;
            PackageStore store = new(agent.Models);
            foreach (string station in (string[])["cam1", "cam2"])
                for (int i = 0; i < 5; i++) await VersionAsync(plc, station);
            TestModels.Publish(agent.Models, TinyGraph.Write(bias: 1), setCurrent: false);
            store.AddCanary(TestModels.Name, 2, "cam2");
            await plc.RequestAsync("""{"command":"canary","version":2}""");
            await agent.UntilAsync(() => Second(agent).Probation.Version == 2, "the second is on probation");
            for (int i = 0; i < 10; i++) await VersionAsync(plc, "cam1");
            await agent.UntilAsync(() => agent.Station.Probation.Version is null, "the first has passed");
            if (restart)   // the first is not on probation again: that it has passed must be known
            {
                await agent.RestartAsync();
                await ReadyAsync(agent);
                await agent.UntilAsync(() => Second(agent).Probation.Version == 2 && agent.Station.Inspector.Model is not null, "the second is on probation again");
                Assert.Null(agent.Station.Probation.Version);
            }
            for (int i = 0; i < 9; i++) await VersionAsync(plc, "cam2");
            Assert.Equal((1, "2 cam2 cam1"), (store.Current(TestModels.Name), store.Canary(TestModels.Name)!.ToString()));
            await VersionAsync(plc, "cam2");
            await agent.UntilAsync(() => store.Current(TestModels.Name) == 2 && store.Canary(TestModels.Name) is null, "current");
            Assert.Equal((2, "probation at line1/cam2", "passed 10 parts"), store.History(TestModels.Name).Last(a => a.Role is null) is var a ? (a.To, a.By, a.Why) : default);
            long swaps = restart ? 1 : 2;
            Assert.Equal((swaps, swaps), (agent.Station.Inspector.Swaps, Second(agent).Inspector.Swaps));   // nobody loads it twice
        }
    }

    [Theory]
    [InlineData("2")]
    [InlineData("newest cam1")]
    public async Task A_file_that_is_no_canary_is_refused_and_what_runs_stays(string line)
    {
        await using TestAgent agent = new();
        await agent.StartWithModelAsync();
        string file = Path.Combine(agent.Models, TestModels.Name, "canary");
        File.WriteAllText(file, line + "\n");
        await agent.UntilAsync(() => agent.Station.Watcher.Status is { State: ModelState.Refused, Refusal: { } why } && why.Contains("must hold a version number and stations' names", StringComparison.Ordinal), "refused");
        Assert.Equal(1, agent.Station.Watcher.Offered);
        new PackageStore(agent.Models).EndCanary(TestModels.Name);
        await agent.UntilAsync(() => agent.Station.Watcher.Status.State == ModelState.Running, "running");
    }
}
