using Edge.Agent.Drift;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Drift;

/// <summary>Drift in a whole agent with a broker. The tiny model's score is the picture's brightness, so its drift is the camera's.</summary>
public sealed class StationDriftTests
{
    [Fact]
    public async Task Drift_is_told_kept_over_a_restart_and_ends_with_another_version()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.StationOptions.Drift.FalseAlarmParts = 1000;
        for (int i = 0; i < 20; i++) agent.AddPicture($"{i:00}.png", (byte)(41 + (7 * i) % 20));
        await using Plc plc = await Plc.ConnectAsync(broker);
        await agent.StartWithModelAsync();
        for (int i = 0; i < 300; i++) await InspectAsync($"usual-{i}");
        Heard steady = await plc.HearAsync("drift", h => h["state"] == "steady");
        Assert.Equal("3", steady["calibration"]);
        Assert.Equal(DriftCause.None, agent.Station.Drift.Now!.Cause);

        for (int i = 0; i < 20; i++) agent.AddPicture($"{i:00}.png", (byte)(61 + (7 * i) % 20));   // accepted still, below 90
        for (int i = 0; i < 400 && agent.Station.Drift.Now!.Cause == DriftCause.None; i++) await InspectAsync($"bright-{i}");
        Heard drifted = await plc.HearAsync("drift", h => h["state"] == "drifted");
        Assert.Equal(("camera", "higher"), (drifted["cause"], drifted["direction"]));
        long parts = agent.Station.Drift.Now!.Parts;

        await agent.RestartAsync();
        await InspectAsync("after");
        Assert.Equal((DriftCause.Camera, parts + 1), (agent.Station.Drift.Now!.Cause, agent.Station.Drift.Now.Parts));

        TestModels.Publish(agent.Models, TinyGraph.Write());
        await agent.UntilAsync(() => agent.Station.Inspector.Model?.Version == 2, "version 2");
        await InspectAsync("other");
        Assert.Equal((DriftCause.None, 1L, 2), (agent.Station.Drift.Now!.Cause, agent.Station.Drift.Now.Parts, agent.Station.Drift.Now.Version));
        await plc.HearAsync("drift", h => h["state"] == "steady" && h["version"] == "2");

        async Task InspectAsync(string job)
        {
            await plc.TriggerAsync(job);
            Assert.Equal("accept", (await plc.VerdictAsync(job))["verdict"]);
        }
    }

    [Fact]
    public async Task A_reject_streak_is_told_and_ends()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.StationOptions.Drift.RejectStreak = 3;
        agent.AddPicture("a.png", 200);
        await using Plc plc = await Plc.ConnectAsync(broker);
        await agent.StartWithModelAsync();
        for (int i = 0; i < 3; i++)
        {
            await plc.TriggerAsync($"bad-{i}");
            Assert.Equal("reject", (await plc.VerdictAsync($"bad-{i}"))["verdict"]);
        }
        await plc.HearAsync("drift", h => h["rejectStreak"] == "3");
        agent.AddPicture("a.png", 40);
        await plc.TriggerAsync("good");
        Assert.Equal("accept", (await plc.VerdictAsync("good"))["verdict"]);
        await plc.HearAsync("drift", h => h["rejectStreak"] == "0" && h["parts"] == "1");
    }
}
