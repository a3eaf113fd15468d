using System.Text.Json.Nodes;
using Edge.Journal;
using Edge.Packages;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Models;

/// <summary>activate and rollback over MQTT, and what the journal says of them.</summary>
public sealed class ModelCommandTests
{
    [Fact]
    public async Task A_version_is_activated_and_rolled_back_and_written_down()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 10), setCurrent: false);
        Package damaged = TestModels.Publish(agent.Models, TinyGraph.Write(bias: 20), setCurrent: false);
        File.WriteAllBytes(damaged.ModelPath, [1, 2, 3]);
        PackageStore store = new(agent.Models);

        Heard done = await plc.RequestAsync("""{"command":"activate","version":2,"why":"new lamp"}""");
        Assert.Equal(("true", "2"), (done["ok"], done["version"]));
        await plc.TriggerAsync("a");
        Heard verdict = await plc.VerdictAsync("a");
        Assert.Equal(("2", "50"), (verdict["version"], verdict["score"]));
        Assert.Equal(2, store.Current(TestModels.Name));

        foreach ((string request, string reason) in new[] { ("""{"command":"activate","version":3}""", "model.onnx is damaged"), ("""{"command":"activate","version":9}""", "9") })
        {
            Heard refused = await plc.RequestAsync(request);
            Assert.Equal(("false", "2"), (refused["ok"], refused["version"]));
            Assert.Contains(reason, refused["reason"], StringComparison.Ordinal);
            Assert.Equal(2, store.Current(TestModels.Name));
        }

        Assert.Equal(("true", "1"), ((await plc.RequestAsync("""{"command":"rollback"}"""))["ok"], store.Current(TestModels.Name).ToString()));
        await plc.TriggerAsync("b");
        Assert.Equal("1", (await plc.VerdictAsync("b"))["version"]);
        Assert.Contains("no good version before 1", (await plc.RequestAsync("""{"command":"rollback"}"""))["reason"], StringComparison.Ordinal);
        Assert.Equal([(1, 2, "command to line1/cam1", "new lamp"), (2, 1, "command to line1/cam1", "roll back")], store.History(TestModels.Name).Skip(1).Select(a => (a.From, a.To, a.By, a.Why)));

        store.SetCurrent(TestModels.Name, 3, "somebody", "by hand");
        await plc.HearAsync("model", h => h["state"] == "refused" && h["aspired"] == "3");
        // To name what runs again ends the refusal without a swap.
        Assert.Equal("true", (await plc.RequestAsync("""{"command":"activate","version":1}"""))["ok"]);
        await plc.HearAsync("model", h => h["state"] == "running" && h["aspired"] == "1" && h["reason"] is null);
        Assert.Equal(3, agent.Station.Inspector.Swaps);

        await agent.Host.StopAsync(TestContext.Current.CancellationToken);
        using JournalFile journal = JournalFile.Open(agent["journal.db"]);
        JsonNode[] events = [.. journal.After(0).Where(e => e.Kind == JournalKind.Event).Select(e => JsonNode.Parse(e.Record)!)];
        Assert.Equal(
            [("model-running", 1, null, "published"), ("model-running", 2, 1, "new lamp"), ("model-running", 1, 2, "roll back"), ("model-refused", 3, 1, null)],
            events.Select(e => ((string)e["event"]!, (int)e["version"]!, (int?)e["from"], (string)e["event"]! == "model-refused" ? null : (string?)e["why"])));
        Assert.Equal("command to line1/cam1", (string?)events[1]["by"]);
        Assert.Contains("model.onnx is damaged", (string?)events[3]["why"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"command":"activate"}""", "activate needs a version")]
    [InlineData("""{"command":"rollback","version":1}""", "version belongs to activate")]
    [InlineData("""{"command":"shadow","version":-1}""", "version must be at least 1")]
    [InlineData("""{"command":"shadow","recipe":"a"}""", "recipe belongs to change-recipe")]
    [InlineData("""{"command":"activate","version":0}""", "version must be at least 1")]
    [InlineData("""{"command":"pause","why":"x"}""", "why belongs to activate, rollback, shadow and canary")]
    [InlineData("""{"command":"activate","version":"../2"}""", "")]
    public void What_is_no_command_is_named(string payload, string reason)
    {
        Assert.Null(Agent.Messaging.CommandMessage.Parse(new(System.Text.Encoding.UTF8.GetBytes(payload)), out string? why));
        Assert.Contains(reason, why, StringComparison.Ordinal);
    }
}
