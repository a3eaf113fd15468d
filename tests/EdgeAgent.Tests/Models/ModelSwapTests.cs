using Edge.Agent.Models;
using Edge.Packages;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Models;

public sealed class ModelSwapTests
{
    [Fact]
    public async Task A_new_version_takes_over_between_two_frames_and_a_roll_back_too()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await plc.HearAsync("model", h => h["state"] == "running" && h["version"] == "1");
        await plc.TriggerAsync("one");
        Assert.Equal(("1", 40f), Of(await plc.VerdictAsync("one")));

        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 70));
        await plc.HearAsync("model", h => h["state"] == "running" && h["version"] == "2");
        await plc.TriggerAsync("two");
        Assert.Equal(("2", 110f), Of(await plc.VerdictAsync("two")));

        int before = plc.All("model").Count;
        new PackageStore(agent.Models).SetCurrent(TestModels.Name, 1);
        await plc.UntilAsync(() => plc.All("model").Skip(before).Any(h => h["version"] == "1"), "version 1 again");
        await plc.TriggerAsync("three");
        Assert.Equal(("1", 40f), Of(await plc.VerdictAsync("three")));
        Assert.Equal(3, agent.Station.Inspector.Swaps);
        Assert.True(plc.All("model")[^1].Message.Retain || plc.All("model").Count > 0);

        static (string?, float) Of(Heard verdict) => (verdict["version"], (float)verdict.Json["score"]!);
    }

    [Theory]
    [InlineData("golden", "score is")]
    [InlineData("damaged", "model.onnx is damaged")]
    [InlineData("member", "manifest.json is not valid")]
    [InlineData("missing", "There is no package at")]
    [InlineData("garbage", "must hold one version number")]
    public async Task A_bad_version_is_refused_with_its_reason_and_what_runs_stays(string fault, string reason)
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["version"] == "1");

        PackageStore store = new(agent.Models);
        string current = Path.Combine(agent.Models, TestModels.Name, "current");
        if (fault is "missing" or "garbage") File.WriteAllText(current, fault == "missing" ? "9\n" : "latest\n");
        else
        {
            Package bad = TestModels.Publish(agent.Models, TinyGraph.Write(), expectedScore: fault == "golden" ? 77 : null, setCurrent: false);
            if (fault == "damaged") File.WriteAllBytes(bad.ModelPath, File.ReadAllBytes(bad.ModelPath)[..100]);
            string manifest = Path.Combine(bad.Folder, "manifest.json");
            if (fault == "member") File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\"method\"", "\"methode\"", StringComparison.Ordinal));
            store.SetCurrent(TestModels.Name, bad.Manifest.Version);
        }
        Heard refused = await plc.HearAsync("model", h => h["state"] == "refused");
        Assert.Contains(reason, refused["reason"], StringComparison.Ordinal);
        Assert.Equal("1", refused["version"]);
        await plc.TriggerAsync("still");
        Assert.Equal("accept", (await plc.VerdictAsync("still"))["verdict"]);

        // It heals when current names something good.
        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 70));
        await plc.HearAsync("model", h => h["state"] == "running" && h["version"] is "2" or "3");
        await plc.TriggerAsync("after");
        Assert.Equal("reject", (await plc.VerdictAsync("after"))["verdict"]);
        Assert.Equal(1, agent.Station.Watcher.Refusals);
        Assert.Single(agent.Log, line => line.Contains("is refused, what runs stays", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_trusted_keys_only_what_they_signed_is_taken()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        SigningKey key = SigningKey.Create(agent["our.key"]);
        agent.Options.TrustedKeys = agent["our.key.pub"];
        TestModels.Publish(agent.Models, TinyGraph.Write(), signer: key);
        await agent.StartAsync();
        await plc.HearAsync("model", h => h["state"] == "running" && h["version"] == "1" && h["signedBy"] == key.Id);

        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 70));
        Heard refused = await plc.HearAsync("model", h => h["state"] == "refused" && h["aspired"] == "2");
        Assert.Contains("it is not signed", refused["reason"], StringComparison.Ordinal);
        Assert.Equal("1", refused["version"]);

        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 5), signer: SigningKey.Create(agent["other.key"]));
        refused = await plc.HearAsync("model", h => h["state"] == "refused" && h["aspired"] == "3");
        Assert.Contains("which is not trusted", refused["reason"], StringComparison.Ordinal);

        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 70), signer: key);
        await plc.HearAsync("model", h => h["state"] == "running" && h["version"] == "4" && h["signedBy"] == key.Id);
    }

    [Fact]
    public async Task A_refused_version_is_tried_again_when_its_files_change()
    {
        await using TestAgent agent = new();
        await agent.StartWithModelAsync();
        Package bad = TestModels.Publish(agent.Models, TinyGraph.Write(bias: 5), setCurrent: false);
        byte[] good = File.ReadAllBytes(bad.ModelPath);
        File.WriteAllBytes(bad.ModelPath, good[..100]);
        new PackageStore(agent.Models).SetCurrent(TestModels.Name, 2);
        await agent.UntilAsync(() => agent.Station.Watcher.Status.State == ModelState.Refused, "refused");
        File.WriteAllBytes(bad.ModelPath, good);
        await agent.UntilAsync(() => agent.Station.Inspector.Model is { Version: 2 }, "version 2");
    }

    [Fact]
    public async Task A_models_folder_that_is_emptied_unloads_nothing()
    {
        await using TestAgent agent = new();
        await agent.StartWithModelAsync();
        Directory.Delete(agent.Models, recursive: true);
        agent.AddPicture("1.png", 40);
        await agent.UntilAsync(() => agent.Station.Snapshot().Accepted == 1, "a verdict");
        // A version that comes later shows that the watcher has looked in between.
        TestModels.Publish(agent.Models, TinyGraph.Write());
        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 1));
        await agent.UntilAsync(() => agent.Station.Inspector.Model is { Version: 2 }, "version 2");
    }

    [Fact]
    public void A_model_that_was_not_taken_gives_way_to_the_next()
    {
        using TempFolder folder = new();
        ModelSlot slot = new();
        LoadedModel first = Load(1), second = Load(2);
        Assert.Null(slot.Take());
        slot.Offer(first);
        slot.Offer(second);
        Assert.Same(second, slot.Take());
        Assert.Null(slot.Take());
        Assert.Throws<ObjectDisposedException>(() => first.Detector.Run());
        Assert.True(float.IsFinite(second.Detector.Run()));
        second.Dispose();

        LoadedModel Load(int bias)
        {
            Package package = TestModels.Publish(folder["models"], TinyGraph.Write(bias: bias));
            return new LoadedModel(package, Agent.Inspection.Recipe.None, Scoring.AnomalyDetector.Load(package), DateTimeOffset.UnixEpoch);
        }
    }
}
