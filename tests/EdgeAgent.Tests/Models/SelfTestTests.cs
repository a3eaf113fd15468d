using System.Text.Json.Nodes;
using Edge.Agent.Models;
using Edge.Journal;
using Edge.Packages;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Models;

public sealed class SelfTestTests
{
    [Fact]
    public async Task A_model_whose_files_go_bad_is_told_and_goes_on_until_it_is_mended()
    {
        await using TestAgent agent = new();
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        SelfTest test = agent.Station.SelfTest;
        using SelfTestSchedule schedule = new(agent.Host.Stations, TimeSpan.FromMilliseconds(20), TimeProvider.System);
        await schedule.StartAsync(TestContext.Current.CancellationToken);
        await agent.UntilAsync(() => test.Passed >= 2, "it passes by the clock");
        Assert.Equal((0, false), (test.Failed, test.Failing));

        string graph = new PackageStore(agent.Models).Open(TestModels.Name, 1).ModelPath;
        byte[] whole = File.ReadAllBytes(graph);
        File.WriteAllBytes(graph, [.. whole[..^1], (byte)(whole[^1] ^ 1)]);
        await agent.UntilAsync(() => test.Failing, "it fails");
        Assert.Contains(agent.Log, l => l.Contains("self-test failed, what runs goes on: ", StringComparison.Ordinal) && l.Contains("model.onnx is damaged", StringComparison.Ordinal));
        using HttpClient http = new();
        string metrics = await http.GetStringAsync(new Uri(agent.Host.Address, "metrics"), TestContext.Current.CancellationToken);
        Assert.Contains("edge_self_test_failing{station=\"cam1\"} 1", metrics, StringComparison.Ordinal);
        long decided = agent.Station.Ledger.Triggers;
        await agent.UntilAsync(() => agent.Station.Ledger.Triggers > decided + 2 && agent.Station.Ledger.Last?.Result?.Verdict == Scoring.Verdict.Accept, "what runs goes on");

        File.WriteAllBytes(graph, whole);
        await agent.UntilAsync(() => !test.Failing, "it passes again");
        await schedule.StopAsync(TestContext.Current.CancellationToken);
        await agent.Host.StopAsync(TestContext.Current.CancellationToken);
        using JournalFile journal = JournalFile.Open(agent["journal.db"]);
        JsonNode[] failed = [.. journal.After(0).Where(e => e.Kind == JournalKind.Event).Select(e => JsonNode.Parse(e.Record)!).Where(e => (string)e["event"]! == "self-test-failed")];
        Assert.Equal(test.Failed, failed.Length);
        Assert.All(failed, e => Assert.Equal((1, true), ((int)e["version"]!, ((string)e["why"]!).Contains("damaged", StringComparison.Ordinal))));
    }
}
