using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Scoring;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Inspection;

/// <summary>Changeover over MQTT: requests and responses through a real broker, real packages, a part's verdict says with what it was made.</summary>
public sealed class RecipeTests
{
    [Fact]
    public async Task A_recipe_brings_its_model_threshold_region_and_deadline_and_outlives_a_restart()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = Recipes(broker);
        await agent.StartAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        await plc.HearAsync("recipe", h => h["recipe"] == "a" && h.Json["recipes"]!.ToJsonString() == """["a","b","c"]""");
        await plc.TriggerAsync("1");
        Assert.Equal(("accept", "a", "tiny", "100"), Of(await plc.VerdictAsync("1")));

        Heard response = await plc.RequestAsync("""{"command":"change-recipe","recipe":"b"}""");
        Assert.Equal(("true", "b", "other", "1"), (response["ok"], response["recipe"], response["model"], response["version"]));
        await plc.HearAsync("recipe", h => h["recipe"] == "b" && h["model"] == "other");
        await plc.TriggerAsync("2", ""","recipe":"b" """);
        Heard second = await plc.VerdictAsync("2");
        Assert.Equal(("reject", "b", "other", "30"), Of(second));
        Assert.InRange(second.Message.MessageExpiryInterval, 70u, 77u);   // its deadline
        await plc.TriggerAsync("3", ""","recipe":"a" """);
        Assert.Equal("recipe", (await plc.VerdictAsync("3"))["reason"]);

        await agent.Host.StopAsync(TestContext.Current.CancellationToken);
        await using TestAgent again = Recipes(broker, agent);
        await again.StartAsync();
        await again.UntilAsync(() => again.Station.Inspector.Model is not null, "a model");
        Assert.Equal(("b", "other", 30f), (again.Station.Recipes.Current.Name, again.Station.Inspector.Model!.Name, again.Station.Inspector.Model.Calibration.Threshold));
        Assert.Equal(new Imaging.Roi(8, 0, 32, 32), again.Station.Inspector.Model.Manifest.Input.Roi);

        static (string?, string?, string?, string?) Of(Heard v) => (v["verdict"], v["recipe"], v["model"], v["threshold"]);
    }

    [Theory]
    [InlineData("""{"command":"change-recipe","recipe":"z"}""", "There is no recipe 'z'; there are a, b, c.")]
    [InlineData("""{"command":"change-recipe","recipe":"c"}""", "There is no model 'missing'")]
    [InlineData("""{"command":"change-recipe"}""", "recipe belongs to change-recipe")]
    [InlineData("""{"command":"dance"}""", "command must be one of change-recipe")]
    [InlineData("not JSON", "invalid")]
    public async Task What_cannot_be_done_is_refused_with_its_reason_and_the_line_goes_on(string request, string reason)
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = Recipes(broker);
        await agent.StartAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        Heard response = await plc.RequestAsync(request);
        Assert.Equal(("false", "a", "tiny"), (response["ok"], response["recipe"], response["model"]));
        Assert.Contains(reason, response["reason"], StringComparison.Ordinal);
        await plc.TriggerAsync("1");
        Assert.Equal("accept", (await plc.VerdictAsync("1"))["verdict"]);
        Assert.False(File.Exists(Path.Combine(agent.Options.State, "cam1.recipe")));
    }

    [Fact]
    public async Task A_recipe_that_cannot_be_kept_is_refused()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = Recipes(broker);
        File.WriteAllText(agent.Options.State, "a file where the folder should be");
        await agent.StartAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        Assert.Contains("can't be kept", (await plc.RequestAsync("""{"command":"change-recipe","recipe":"b"}"""))["reason"], StringComparison.Ordinal);
        await plc.TriggerAsync("1");
        Assert.Contains("can't be kept", (await plc.RequestAsync("""{"command":"pause"}"""))["reason"], StringComparison.Ordinal);
        Assert.Equal("tiny", (await plc.VerdictAsync("1"))["model"]);
    }

    [Fact]
    public async Task Parts_before_the_change_are_inspected_as_what_they_are_and_no_part_with_the_wrong_model()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = Recipes(broker, work: 5);
        agent.StationOptions.QueueCapacity = 200;
        await agent.StartAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        int sent = 0;
        for (int change = 0; change < 6; change++)
        {
            for (int i = 0; i < 25; i++) await plc.TriggerAsync($"{sent++}");
            Assert.Equal("true", (await plc.RequestAsync($$"""{"command":"change-recipe","recipe":"{{(change % 2 == 0 ? "b" : "a")}}"}"""))["ok"]);
        }
        await plc.UntilAsync(() => plc.All("verdict").Count >= sent, "all verdicts");
        Assert.All(plc.All("verdict"), v =>
        {
            string made = int.Parse(v["jobId"]!) / 25 % 2 == 0 ? "a" : "b";
            Assert.Equal(made, v["recipe"]);
            if (v["verdict"] == "uninspected") Assert.Equal("recipe", v["reason"]);   // overtaken by two changes
            else Assert.Equal(made == "a" ? ("tiny", "accept") : ("other", "reject"), (v["model"], v["verdict"]));
        });
        Assert.InRange(agent.Station.Ledger.Count(Verdict.Uninspected), 0, sent / 2);
        Assert.Equal((sent, 0), (agent.Station.Ledger.Triggers, agent.Station.Ledger.Awaiting));
    }

    [Fact]
    public async Task A_pause_answers_and_inspects_nothing_until_resume()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = Recipes(broker);
        await agent.StartAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        Assert.Equal("true", (await plc.RequestAsync("""{"command":"pause"}"""))["paused"]);
        await plc.HearAsync("status", h => h["ready"] == "false" && h["notReady"] == "paused");
        await plc.TriggerAsync("1");
        Assert.Equal("paused", (await plc.VerdictAsync("1"))["reason"]);

        // Somebody works at the station: an agent that starts again must not begin to inspect by itself.
        await agent.Host.StopAsync(TestContext.Current.CancellationToken);
        await plc.HearAsync("status", h => h["state"] == "offline");
        plc.Forget();
        await using TestAgent again = Recipes(broker, agent);
        await again.StartAsync();
        await plc.HearAsync("status", h => h["version"] == "1" && h["camera"] == "online" && h["notReady"] == "paused");
        Assert.DoesNotContain(plc.All("status"), h => h["ready"] == "true");
        await plc.ReconnectAsync();
        await plc.HearAsync("status", h => h.Message.Retain && h["notReady"] == "paused");
        await plc.TriggerAsync("2");
        Assert.Equal("paused", (await plc.VerdictAsync("2"))["reason"]);
        Assert.Equal("false", (await plc.RequestAsync("""{"command":"resume"}"""))["paused"]);
        await plc.TriggerAsync("3");
        Assert.Equal("accept", (await plc.VerdictAsync("3"))["verdict"]);
        Assert.False(File.Exists(Path.Combine(agent.Options.State, "cam1.paused")));
    }

    /// <summary>The left half of the pictures is 40, the right half 200: only the recipe's mask decides which of them the score comes from.</summary>
    [Fact]
    public async Task A_recipes_mask_hides_what_is_not_the_product()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = Recipes(broker);
        byte[] halves = new byte[64 * 64];
        for (int i = 0; i < halves.Length; i++) halves[i] = (byte)(i % 64 < 32 ? 40 : 200);
        Imaging.ImageFile.WritePng(Path.Combine(agent.Pictures, "1.png"), halves, 64, 64, Imaging.PixelFormat.Mono8);
        agent.StationOptions.Recipes["a"].Mask = "0,0 32,0 32,64 0,64";
        agent.StationOptions.Recipes["b"] = new RecipeOptions { Mask = "32,0 64,0 64,64 32,64" };
        await agent.StartAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        await plc.TriggerAsync("1");
        Assert.InRange(float.Parse((await plc.VerdictAsync("1"))["score"]!, System.Globalization.CultureInfo.InvariantCulture), 17.5f, 20f);
        await plc.RequestAsync("""{"command":"change-recipe","recipe":"b"}""");
        await plc.TriggerAsync("2");
        Assert.InRange(float.Parse((await plc.VerdictAsync("2"))["score"]!, System.Globalization.CultureInfo.InvariantCulture), 87.5f, 100f);
    }

    [Fact]
    public async Task A_free_running_station_pauses_too()
    {
        await using TestAgent agent = new();
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Ledger.Triggers > 2, "parts");
        agent.Station.Intake.Pause(true);
        await agent.UntilAsync(() => agent.Station.Queues.Pool.Count == agent.Station.Queues.Capacity, "the last part is done");
        await agent.UntilAsync(() => agent.Station.Ledger.Awaiting == 0, "all are decided");
        agent.Station.Intake.Pause(false);
        long before = agent.Station.Ledger.Triggers;
        await agent.UntilAsync(() => agent.Station.Ledger.Triggers > before, "parts again");
    }

    [Fact]
    public async Task A_self_test_reads_the_package_and_its_golden_images_again()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = Recipes(broker);
        await agent.StartAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        Assert.Equal("true", (await plc.RequestAsync("""{"command":"self-test"}"""))["ok"]);
        string model = Path.Combine(agent.Models, "tiny", "1", "model.onnx");
        File.WriteAllBytes(model, File.ReadAllBytes(model)[..^1]);
        Assert.Contains("model.onnx is damaged", (await plc.RequestAsync("""{"command":"self-test"}"""))["reason"], StringComparison.Ordinal);
        await plc.TriggerAsync("1");
        Assert.Equal("accept", (await plc.VerdictAsync("1"))["verdict"]);
    }

    [Theory]
    [InlineData("edge/line1/cam1/verdict")]
    [InlineData("edge/line1/cam1/response/")]
    [InlineData("edge/line1/cam2/response/x")]
    public async Task A_command_cannot_make_the_agent_speak_elsewhere(string topic)
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = Recipes(broker);
        await agent.StartAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        await plc.CommandAsync("""{"command":"pause"}""", topic, [1]);
        await agent.UntilAsync(() => agent.Station.InvalidCommands == 1, "it is counted");
        Assert.Equal("false", (await plc.RequestAsync("""{"command":"resume"}"""))["paused"]);
        Assert.DoesNotContain(broker.Received, m => m.Topic == topic);
        Assert.Contains(agent.Log, line => line.Contains("its response topic is not below edge/line1/cam1/response/", StringComparison.Ordinal));
    }

    [Fact]
    public void A_stored_recipe_that_is_gone_is_named_at_start()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder["cam1.recipe"], "old\n");
        EdgeException e = Assert.Throws<EdgeException>(() => new RecipeBook("cam1", new StationOptions { Model = "m", Recipe = "a", Recipes = { ["a"] = new() } }, folder.Path));
        Assert.Contains("recipe 'old' is made, which is not configured", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Recipe a: the model tiny, threshold 100. Recipe b: another model, threshold 30. Pictures of brightness 40.</summary>
    private static TestAgent Recipes(TestBroker broker, TestAgent? stateOf = null, int work = 0)
    {
        TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", 40);
        agent.StationOptions.Recipe = "a";
        agent.StationOptions.Recipes = new()
        {
            ["a"] = new RecipeOptions(),
            ["b"] = new RecipeOptions { Model = "other", Threshold = 30, DeadlineMs = 77_000, Roi = "8,0,32,32" },
            ["c"] = new RecipeOptions { Model = "missing" },
        };
        if (stateOf is not null) agent.Options.State = stateOf.Options.State;
        TestModels.Publish(agent.Models, TinyGraph.Write(work: work));
        TestModels.Publish(agent.Models, TinyGraph.Write(work: work), name: "other");
        return agent;
    }
}
