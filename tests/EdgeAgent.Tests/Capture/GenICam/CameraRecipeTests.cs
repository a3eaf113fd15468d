using Edge.Agent.Configuration;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Capture.GenICam;

/// <summary>Exposure and gain belong to the recipe: a part's score says with which its picture was taken.</summary>
[Collection(nameof(FakeGigECamera))]
public sealed class CameraRecipeTests
{
    [Fact]
    public async Task Every_part_has_the_exposure_of_its_recipe_also_after_the_camera_was_away()
    {
        using FakeGigECamera camera = new();
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.QueueCapacity = 64;
        agent.StationOptions.Source = new SourceOptions { Kind = SourceKind.Aravis, ReconnectMs = 200, Aravis = { Device = FakeGigECamera.Address, Gain = 0 } };
        agent.StationOptions.Recipe = "bright";
        agent.StationOptions.Recipes = new() { ["bright"] = new RecipeOptions { ExposureUs = 10_000 }, ["dark"] = new RecipeOptions { ExposureUs = 2000 } };
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        int sent = 0;
        // The parts before a change are still waiting for the camera (it answers on a tick of 40 ms) when the next recipe is in force.
        await AskAsync("bright");
        await AskAsync("dark");
        await AskAsync("bright");
        await AskAsync("dark");

        camera.PullOut();
        await plc.UntilAsync(() => plc.All("status")[^1]["camera"] != "online", "the camera is missed");
        camera.PlugIn();
        await plc.UntilAsync(() => plc.All("status")[^1]["camera"] == "online", "the camera is back");
        await AskAsync("dark");
        Assert.Equal((sent, 0), (agent.Station.Ledger.Triggers, agent.Station.Ledger.Awaiting));

        async Task AskAsync(string recipe)
        {
            Assert.Equal("true", (await plc.RequestAsync($$"""{"command":"change-recipe","recipe":"{{recipe}}"}"""))["ok"]);
            await plc.TriggerAsync($"{recipe}-{sent}");
            await plc.VerdictAsync($"{recipe}-{sent++}");
            for (int i = 0; i < 4; i++) await plc.TriggerAsync($"{recipe}-{sent++}");
            if (recipe == "bright") return;   // these four are under way at the next change
            await plc.UntilAsync(() => plc.All("verdict").Count == sent, "the verdicts");
            Assert.All(plc.All("verdict"), v => Assert.Equal(
                (v["jobId"]!.Split('-')[0], v["recipe"] == "dark"),
                (v["recipe"], float.Parse(v["score"]!, System.Globalization.CultureInfo.InvariantCulture) < 60)));
        }
    }
}
