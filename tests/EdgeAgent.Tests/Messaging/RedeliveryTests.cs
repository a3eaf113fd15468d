using Edge.Journal;
using Edge.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Edge.Tests.Messaging;

/// <summary>A trigger is acknowledged when what became of its part can't be lost, and one that comes again is not another part.</summary>
public sealed class RedeliveryTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void Receipts_leave_in_the_order_of_the_triggers_and_only_so_many_are_held()
    {
        List<int> acknowledged = [];
        FakeTimeProvider time = new();
        using Receipts receipts = new(3, time);
        Receipts.Receipt[] held = [.. Enumerable.Range(0, 3).Select(i => receipts.Hold(() => acknowledged.Add(i)))];
        held[1].Done();
        Assert.Empty(acknowledged);
        held[0].Done();
        Assert.Equal([0, 1], acknowledged);
        for (int i = 3; i < 6; i++)
        {
            int number = i;
            receipts.Hold(() => acknowledged.Add(number));
        }
        time.Advance(Receipts.Patience - TimeSpan.FromMilliseconds(1));
        Assert.Equal([0, 1], acknowledged);
        time.Advance(Receipts.Patience);
        Assert.Equal([0, 1, 2], acknowledged);   // one too many for too long: the oldest goes without
        receipts.Forget();
        Assert.Equal(0, receipts.Count);
        Receipts.Receipt next = receipts.Hold(() => acknowledged.Add(6));
        held[2].Done();
        next.Done();
        Assert.Equal([0, 1, 2, 6], acknowledged);
    }

    [Fact]
    public async Task A_jobId_of_before_the_restart_hears_the_same_verdict_and_is_not_inspected_again()
    {
        using TempFolder folder = new();
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        string first;
        await using (TestAgent agent = new(broker))
        {
            agent.Options.Journal.Path = folder["journal.db"];
            agent.AddPicture("1.png", 40);
            await agent.StartWithModelAsync();
            await plc.HearAsync("status", h => h["version"] == "1");
            await plc.TriggerAsync("a", ""","partId":"Teil \"Ä\"" """);
            first = (await plc.VerdictAsync("a")).Text;
        }
        await using TestAgent restarted = new(broker);
        restarted.Options.Journal.Path = folder["journal.db"];
        restarted.AddPicture("2.png", 120);
        await restarted.StartWithModelAsync();
        await restarted.UntilAsync(() => restarted.Station.Link!.IsConnected, "connected");
        await plc.TriggerAsync("a");
        await plc.TriggerAsync("b");
        Assert.Equal("2.png", (await plc.VerdictAsync("b"))["frame"]);
        string[] verdicts = [.. plc.All("verdict").Where(h => h["jobId"] == "a").Select(h => WithoutPublish(h))];
        Assert.True(verdicts.Length >= 2);
        Assert.Single(verdicts.Distinct());
        Assert.Contains("1.png", first, StringComparison.Ordinal);
        Assert.Equal((1, 1), (restarted.Station.Ledger.Triggers, restarted.Station.Intake.Duplicates));
        await restarted.UntilAsync(() => restarted.Station.Link!.Receipts.Count == 0, "both triggers are acknowledged");
    }

    /// <summary>The record is written before the verdict is handed over, so this time differs.</summary>
    private static string WithoutPublish(Heard heard)
    {
        System.Text.Json.Nodes.JsonNode json = heard.Json;
        json["latencyMs"]!.AsObject().Remove("publish");
        return json.ToJsonString();
    }

    [Fact]
    public void A_job_is_settled_when_the_broker_has_the_verdict_and_the_disk_the_record()
    {
        int settled = 0;
        Agent.Inspection.Job recordedFirst = new("a", null, null, null, 0), publishedFirst = new("b", null, null, null, 0);
        recordedFirst.WhenSettled(() => settled++);
        recordedFirst.WhenSettled(() => settled++);
        publishedFirst.WhenSettled(() => settled++);
        recordedFirst.MarkRecorded();
        recordedFirst.MarkRecorded();
        publishedFirst.MarkPublished();
        Assert.Equal(0, settled);
        recordedFirst.MarkPublished();
        Assert.Equal(2, settled);
        publishedFirst.MarkRecorded();
        publishedFirst.WhenSettled(() => settled++);
        Assert.Equal(4, settled);
    }

    [Theory]
    [InlineData("no journal")]
    [InlineData("no disk")]
    [InlineData("journal")]
    public async Task Triggers_are_acknowledged_and_answered_whatever_the_disk_does(string disk)
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.Options.Journal.Enabled = disk != "no journal";
        if (disk == "no disk") Directory.CreateDirectory(agent["journal.db"]);   // it can't be opened, ever
        (agent.StationOptions.Source.Loop, agent.StationOptions.QueueCapacity) = (true, 64);
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["version"] == "1");
        if (disk == "no disk") await agent.UntilAsync(() => agent.Host.Journal!.Trouble is not null, "the journal can't be written");
        for (int i = 0; i < 50; i++) await plc.TriggerAsync($"job-{i}");
        await plc.UntilAsync(() => plc.All("verdict").Select(h => h["jobId"]).Distinct().Count() == 50, "50 verdicts");
        await agent.UntilAsync(() => agent.Station.Link!.Receipts.Count == 0, "every trigger is acknowledged");
        if (disk != "journal") return;
        await agent.Host.StopAsync(Ct);
        using JournalFile journal = JournalFile.Open(agent["journal.db"]);
        Assert.Equal(50, journal.Newest(JournalKind.Part, "cam1", 100).Count());
    }
}
