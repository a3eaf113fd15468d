using System.Text.Json;
using Edge.Agent.Capture;
using Edge.Agent.Inspection;
using Edge.Imaging;
using Edge.Scoring;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Inspection;

/// <summary>Whatever goes wrong, the part hears uninspected and why.</summary>
public sealed class ReasonTests
{
    [Theory]
    [InlineData("invalid-score")]
    [InlineData("inference")]
    [InlineData("frame-misfit")]
    [InlineData("frame-unreadable")]
    [InlineData("no-model")]
    public async Task A_part_that_cannot_be_inspected_says_why_and_the_next_is_inspected(string reason)
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Watch = false;   // a file that can't be read is damaged, not unfinished
        if (reason == "frame-unreadable") File.WriteAllBytes(Path.Combine(agent.Pictures, "1.png"), Pictures.Png(40)[..100]);
        else if (reason == "frame-misfit") Pictures.Write(Path.Combine(agent.Pictures, "1.png"), 40, size: 16);
        else agent.AddPicture("1.png", 255);
        agent.AddPicture("2.png", 40);
        byte[] graph = TinyGraph.Write(fault: reason switch { "invalid-score" => BrightFault.NaN, "inference" => BrightFault.Throw, _ => BrightFault.None });
        if (reason != "no-model") TestModels.Publish(agent.Models, graph, roi: reason == "frame-misfit" ? new Roi(0, 0, 32, 32) : null);
        await agent.StartAsync();
        await plc.HearAsync("status", h => h["camera"] == "online" && (reason == "no-model" || h["version"] == "1"));

        await plc.TriggerAsync("bad");
        Heard bad = await plc.VerdictAsync("bad");
        Assert.Equal(("uninspected", reason), (bad["verdict"], bad["reason"]));
        Assert.Null(bad["score"]);

        if (reason == "no-model")
        {
            TestModels.Publish(agent.Models, graph);
            await plc.HearAsync("status", h => h["version"] == "1");
        }
        await plc.TriggerAsync("next");
        Assert.Equal("accept", (await plc.VerdictAsync("next"))["verdict"]);
    }

    [Fact]
    public async Task Without_a_camera_the_answer_is_immediate_and_it_comes_back_by_itself()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        Directory.Delete(agent.Pictures);
        TestModels.Publish(agent.Models, TinyGraph.Write());
        await agent.StartAsync();
        Heard status = await plc.HearAsync("status", h => h["camera"] == "faulted");
        Assert.Contains(agent.Pictures, status["cameraTrouble"], StringComparison.Ordinal);
        await plc.TriggerAsync("a");
        Assert.Equal("camera", (await plc.VerdictAsync("a"))["reason"]);

        Directory.CreateDirectory(agent.Pictures);
        agent.AddPicture("1.png", 40);
        await plc.HearAsync("status", h => h["camera"] == "online" && h["version"] == "1");
        await plc.TriggerAsync("b");
        Assert.Equal("accept", (await plc.VerdictAsync("b"))["verdict"]);
    }

    [Fact]
    public async Task A_camera_that_fails_while_running_is_opened_again()
    {
        await using TestAgent agent = new();
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Snapshot().Accepted == 1, "the first part");
        Directory.Move(agent.Pictures, agent["gone"]);
        await agent.UntilAsync(() => agent.Station.Camera.State == CameraState.Faulted, "faulted");
        Directory.Move(agent["gone"], agent.Pictures);
        await agent.UntilAsync(() => agent.Station.Camera.State == CameraState.Online, "online again");
        agent.AddPicture("2.png", 120);
        await agent.UntilAsync(() => agent.Station.Snapshot().Rejected == 1, "the second part");
        Assert.Equal(1, agent.Station.Camera.Reconnects);
        Assert.Equal(2, agent.Station.Ledger.Triggers);
    }

    [Fact]
    public async Task A_camera_that_hangs_leaves_no_part_waiting()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.TimeoutMs = 1000;
        Fifo camera = new(Path.Combine(agent.Pictures, "1.png"));
        agent.AddPicture("2.png", 120);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["version"] == "1" && h["camera"] == "online");

        await plc.TriggerAsync("grabbing");
        await plc.TriggerAsync("queued");
        Assert.Equal("camera", (await plc.VerdictAsync("grabbing"))["reason"]);
        Assert.Equal("camera", (await plc.VerdictAsync("queued"))["reason"]);
        await plc.HearAsync("status", h => h["camera"] == "stalled");
        await plc.TriggerAsync("refused");
        Assert.Equal("camera", (await plc.VerdictAsync("refused"))["reason"]);

        await camera.ReleaseAsync(40);
        await agent.UntilAsync(() => agent.Station.Camera.State == CameraState.Online, "the camera is back");
        await plc.TriggerAsync("after");
        Assert.Equal("2.png", (await plc.VerdictAsync("after"))["frame"]);
        await agent.UntilAsync(() => agent.Station.Queues.Pool.Count == agent.StationOptions.QueueCapacity, "every frame is back");
    }

    [Fact]
    public async Task One_part_more_than_there_is_room_for_hears_overload_at_once()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.QueueCapacity = 2;
        agent.StationOptions.Source.TimeoutMs = 600_000;
        Fifo camera = new(Path.Combine(agent.Pictures, "1.png"));
        agent.AddPicture("2.png", 120);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["version"] == "1" && h["camera"] == "online");

        foreach (string job in (string[])["a", "b", "c"]) await plc.TriggerAsync(job);
        Assert.Equal("overload", (await plc.VerdictAsync("c"))["reason"]);
        await camera.ReleaseAsync(40);
        Assert.Equal("accept", (await plc.VerdictAsync("a"))["verdict"]);
        Assert.Equal("reject", (await plc.VerdictAsync("b"))["verdict"]);
    }

    [Fact]
    public async Task A_part_past_its_deadline_hears_so_once_and_what_comes_later_is_void()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.TimeoutMs = 600_000;
        agent.StationOptions.DeadlineMs = 600_000;
        Fifo camera = new(Path.Combine(agent.Pictures, "1.png"));
        agent.AddPicture("2.png", 120);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["version"] == "1" && h["camera"] == "online");

        await plc.TriggerAsync("late", ""","deadlineMs":20""");
        Heard late = await plc.VerdictAsync("late");
        Assert.Equal(("uninspected", "deadline"), (late["verdict"], late["reason"]));
        Assert.InRange((double)late.Json["latencyMs"]!["wait"]!, 20, double.MaxValue);
        Assert.Equal(1u, late.Message.MessageExpiryInterval);
        await camera.ReleaseAsync(40);
        await plc.TriggerAsync("next");
        Heard next = await plc.VerdictAsync("next");
        Assert.Equal("reject", next["verdict"]);
        Assert.InRange(next.Message.MessageExpiryInterval, 500u, 600u);
        Assert.Single(plc.All("verdict"), h => h["jobId"] == "late");
        Assert.Equal(0, agent.Station.Ledger.Awaiting);
    }

    [Fact]
    public void Reasons_and_verdicts_have_the_names_a_PLC_lists()
    {
        Assert.Equal(
            ["none", "overload", "camera", "frame-unreadable", "frame-misfit", "no-model", "invalid-score", "deadline", "inference", "shutdown", "recipe", "paused", "interrupted", "debounced"],
            Enum.GetValues<Reason>().Select(r => r.Wire()));
        Assert.Equal(["uninspected", "accept", "reject", "review"], Enum.GetValues<Verdict>().Select(v => v.Wire()));
        string plc = File.ReadAllText(Path.Combine(TestPaths.Repository, "docs/plc.md"));
        Assert.All(Enum.GetValues<Reason>().Skip(1), r => Assert.Contains($"`{r.Wire()}`", plc, StringComparison.Ordinal));   // what to do on each
        Assert.All(Enum.GetValues<Reason>(), r => Assert.Equal(r.Wire(), JsonNamingPolicy.KebabCaseLower.ConvertName(r.ToString())));
    }
}
