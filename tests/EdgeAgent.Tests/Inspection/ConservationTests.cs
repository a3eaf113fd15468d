using System.Text.Json.Nodes;
using Edge.Agent.Inspection;
using Edge.Scoring;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Inspection;

/// <summary>No part without a verdict: triggers = accept + reject + review + uninspected(reason), and each job hears one thing only.</summary>
public sealed class ConservationTests
{
    private const int Wave = 250;

    [Fact]
    public async Task The_ledger_closes_under_load_broker_loss_corrupt_frames_and_a_swap()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Watch = false;
        agent.StationOptions.Source.Loop = true;
        agent.StationOptions.QueueCapacity = 3;
        agent.StationOptions.Heatmaps.MaxPerSecond = 1000;
        foreach ((string name, byte brightness) in new (string, byte)[] { ("1", 40), ("2", 95), ("4", 120), ("5", 255), ("6", 60) }) agent.AddPicture($"{name}.png", brightness);
        File.WriteAllBytes(Path.Combine(agent.Pictures, "3.png"), Pictures.Png(40)[..80]);
        await agent.StartWithModelAsync(TinyGraph.Write(work: 10, fault: BrightFault.NaN));
        await plc.HearAsync("status", h => h["version"] == "1");
        List<string> sent = [];

        // More than the model can do; some with deadlines it can't keep.
        await SendWave(plc, sent);
        await agent.UntilAsync(() => agent.Station.Ledger.Triggers == sent.Count, "every trigger is taken");

        // The broker goes while parts are under way and verdicts unsent.
        await SendWave(plc, sent);
        await agent.UntilAsync(() => agent.Station.Ledger.Triggers == sent.Count, "every trigger is taken");
        await broker.StopAsync();
        await broker.StartAsync();
        await plc.ReconnectAsync();
        await agent.UntilAsync(() => agent.Station.Link is { IsConnected: true, Connects: 2 }, "connected again");

        // A better model comes under load, and a worse one is refused.
        Task<Packages.Package> better = Task.Run(() => TestModels.Publish(agent.Models, TinyGraph.Write(bias: 1, work: 10, fault: BrightFault.NaN)), TestContext.Current.CancellationToken);
        for (int wave = 0; agent.Station.Inspector.Model!.Version == 1; wave++)
        {
            await SendWave(plc, sent);
            await agent.UntilAsync(() => agent.Station.Ledger.Triggers == sent.Count, "every trigger is taken");
        }
        await better;
        TestModels.Publish(agent.Models, TinyGraph.Write(), expectedScore: 77);
        await plc.HearAsync("model", h => h["state"] == "refused");
        await SendWave(plc, sent);
        await agent.UntilAsync(() => agent.Station.Ledger.Triggers == sent.Count && agent.Station.Ledger.Awaiting == 0, "every part is decided");
        await agent.UntilAsync(() => agent.Station.Publisher.Published == sent.Count, "every verdict is acknowledged");

        JsonNode[] verdicts = [.. broker.Received.Where(m => m.Topic.EndsWith("/verdict", StringComparison.Ordinal)).Select(m => JsonNode.Parse(m.Payload)!)];
        ILookup<string, string> byJob = verdicts.ToLookup(v => (string)v["jobId"]!, v => $"{v["verdict"]} {v["reason"]} {v["score"]} {v["version"]}");
        Assert.Equal(sent.Order(), byJob.Select(job => job.Key).Order());
        Assert.All(byJob, job => Assert.Single(job.Distinct()));

        Ledger ledger = agent.Station.Ledger;
        Assert.Equal(sent.Count, ledger.Triggers);
        Assert.Equal(ledger.Triggers, Enum.GetValues<Verdict>().Sum(ledger.Count));
        Assert.Equal(0, ledger.Lost);
        Assert.Equal(3, agent.StationOptions.QueueCapacity);
        await agent.UntilAsync(() => agent.Station.Queues.Pool.Count == 3, "every frame is back");
        foreach (Reason reason in (Reason[])[Reason.Overload, Reason.FrameUnreadable, Reason.InvalidScore])
            Assert.True(ledger.Count(Verdict.Uninspected, reason) > 0, $"no part was {reason.Wire()}: the test did not get there");
        Assert.True(ledger.Count(Verdict.Accept) > 0 && ledger.Count(Verdict.Reject) > 0 && ledger.Count(Verdict.Review) > 0);
        Assert.Equal([1, 2], verdicts.Select(v => (int?)v["version"]).OfType<int>().Distinct().Order());
        Assert.Equal(2, agent.Station.Inspector.Swaps);
    }

    private static async Task SendWave(Plc plc, List<string> sent)
    {
        Task[] sending = new Task[Wave];
        for (int i = 0; i < Wave; i++)
        {
            string job = $"job-{sent.Count}";
            sent.Add(job);
            sending[i] = plc.TriggerAsync(job, i % 5 == 0 ? ""","deadlineMs":1""" : i % 5 == 1 ? ""","deadlineMs":30000""" : "");
        }
        await Task.WhenAll(sending);
    }

    [Fact]
    public async Task Verdicts_wait_for_a_broker_that_is_not_there_yet_in_their_order()
    {
        await using TestBroker broker = new();
        await using TestAgent agent = new(broker);
        agent.StationOptions.Trigger.Mode = Agent.Configuration.TriggerMode.FreeRunning;
        for (int i = 0; i < 30; i++) agent.AddPicture($"{i:D2}.png", 40);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Snapshot().Accepted == 30, "30 parts without a broker");
        await broker.StartAsync();
        await agent.UntilAsync(() => agent.Station.Publisher.Published == 30, "30 verdicts");
        Assert.Equal(
            Enumerable.Range(0, 30).Select(i => $"{i:D2}.png"),
            broker.Received.Where(m => m.Topic.EndsWith("/verdict", StringComparison.Ordinal)).Select(m => (string?)JsonNode.Parse(m.Payload)!["frame"]));
    }

    [Fact]
    public async Task When_too_many_verdicts_wait_the_oldest_are_lost_and_counted()
    {
        await using TestBroker broker = new();
        await using TestAgent agent = new(broker);
        agent.StationOptions.Trigger.Mode = Agent.Configuration.TriggerMode.FreeRunning;
        agent.Options.Mqtt.VerdictQueueCapacity = 16;
        for (int i = 0; i < 40; i++) agent.AddPicture($"{i:D2}.png", 40);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Snapshot().Accepted == 40, "40 parts without a broker");
        await broker.StartAsync();
        await agent.UntilAsync(() => agent.Station.Publisher.Published + agent.Station.Ledger.Lost == 40, "sent and lost");
        Assert.InRange(agent.Station.Ledger.Lost, 23, 24);   // one may have left the queue and waits with the publisher
        IEnumerable<string?> heard = broker.Received.Where(m => m.Topic.EndsWith("/verdict", StringComparison.Ordinal)).Select(m => (string?)JsonNode.Parse(m.Payload)!["frame"]);
        Assert.Equal(Enumerable.Range(24, 16).Select(i => $"{i:D2}.png"), heard.TakeLast(16));
    }

    [Fact]
    public async Task At_shutdown_every_part_hears_a_verdict_and_the_line_hears_offline()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.QueueCapacity = 64;
        agent.StationOptions.Source.Loop = true;
        agent.StationOptions.Source.Watch = false;
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync(TinyGraph.Write(work: 200));
        await plc.HearAsync("status", h => h["version"] == "1");
        for (int i = 0; i < 50; i++) await plc.TriggerAsync($"job-{i}");
        await agent.UntilAsync(() => agent.Station.Ledger.Triggers == 50, "every trigger is taken");

        await agent.Host.StopAsync(TestContext.Current.CancellationToken);

        await plc.UntilAsync(() => plc.All("verdict").Count == 50, "50 verdicts");
        Assert.True(agent.Station.Ledger.Count(Verdict.Uninspected, Reason.Shutdown) > 0);
        Assert.Equal((50, 0), (agent.Station.Ledger.Triggers, agent.Station.Ledger.Awaiting));
        await plc.UntilAsync(() => plc.All("status")[^1].Text == """{"state":"offline"}""", "offline");
    }
}
