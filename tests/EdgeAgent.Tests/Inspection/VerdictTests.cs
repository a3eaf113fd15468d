using Edge.Agent.Configuration;
using Edge.Tests.Support;
using MQTTnet.Packets;
using Xunit;

namespace Edge.Tests.Inspection;

public sealed class VerdictTests
{
    [Fact]
    public async Task A_triggered_part_is_acquired_and_gets_its_verdict()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Heatmaps.MaxPerSecond = 1000;
        agent.AddPicture("1.png", 40);
        agent.AddPicture("2.png", 95);
        agent.AddPicture("3.png", 120);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["camera"] == "online" && h["version"] == "1");

        await plc.TriggerAsync("a", ""","partId":"Ø 12 mm","recipe":"r1","deadlineMs":30000""");
        await plc.TriggerAsync("b");
        await plc.TriggerAsync("c");
        Heard a = await plc.VerdictAsync("a"), b = await plc.VerdictAsync("b"), c = await plc.VerdictAsync("c");

        Assert.Equal(["accept", "review", "reject"], new[] { a, b, c }.Select(v => v["verdict"]));
        Assert.Equal(("Ø 12 mm", "r1", "1.png", "tiny", "1"), (a["partId"], a["recipe"], a["frame"], a["model"], a["version"]));
        Assert.Null(a["reason"]);
        Assert.Equal(40, (float)a.Json["score"]!, 3);
        Assert.Equal(TestModels.Threshold, (float)a.Json["threshold"]!);
        Assert.Equal(["wait", "acquire", "preprocess", "infer", "publish"], a.Json["latencyMs"]!.AsObject().Select(m => m.Key));
        Assert.All(a.Json["latencyMs"]!.AsObject(), m => Assert.True((double)m.Value! >= 0));
        Assert.True(DateTimeOffset.UtcNow - (DateTimeOffset)a.Json["capturedAt"]! < TimeSpan.FromMinutes(1));
        Assert.InRange(a.Message.MessageExpiryInterval, 1u, 30u);
        Assert.Equal(0u, b.Message.MessageExpiryInterval);
        Assert.Equal("a", (await plc.HearAsync("acquired"))["jobId"]);

        Heard heatmap = await plc.HearAsync("heatmap");
        Assert.Equal("image/jpeg", heatmap.Message.ContentType);
        Assert.Equal([0xFF, 0xD8], heatmap.Payload[..2]);
        Assert.Contains(heatmap.Message.UserProperties, p => p.Name == "jobId" && p.ReadValueAsString() is "b" or "c");
        Assert.Contains(heatmap.Message.UserProperties, p => p.Name == "verdict" && p.ReadValueAsString() is "review" or "reject");
    }

    [Fact]
    public async Task Free_running_inspects_every_picture_once_in_name_order()
    {
        await using TestAgent agent = new();
        for (int i = 0; i < 20; i++) agent.AddPicture($"{i:D2}.png", (byte)(10 * i));
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Ledger.Triggers == 20 && agent.Station.Ledger.Awaiting == 0, "20 verdicts");
        Assert.Equal((9, 1, 10), (agent.Station.Snapshot().Accepted, agent.Station.Snapshot().Reviews, agent.Station.Snapshot().Rejected));
        Assert.Equal("19.png", agent.Station.Ledger.Last!.Result!.Frame);
    }

    [Fact]
    public async Task Interval_makes_a_part_of_every_tick()
    {
        await using TestAgent agent = new();
        agent.StationOptions.Trigger = new TriggerOptions { Mode = TriggerMode.Interval, Interval = TimeSpan.FromMilliseconds(5) };
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Snapshot().Accepted >= 20, "20 parts");
    }
}
