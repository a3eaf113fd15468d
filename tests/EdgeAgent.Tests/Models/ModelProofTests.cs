using Edge.Agent.Configuration;
using Edge.Agent.Models;
using Edge.Packages;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Models;

public sealed class ModelProofTests
{
    [Theory]
    [InlineData(Trap.Stalls, "it was not done after 5 seconds (Edge:Proof:Seconds)")]
    [InlineData(Trap.EatsMemory, "The graph cannot be run: ")]
    [InlineData(Trap.Recurses, "")]   // refused or crashed, as ONNX Runtime likes
    public async Task A_graph_that_stalls_recurses_or_eats_memory_ends_its_own_process_only(Trap trap, string reason)
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.Options.Proof = new ProofOptions { Seconds = 5, MemoryMb = 1024 };
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        TestModels.Publish(agent.Models, TinyGraph.Write(trap: trap), expectedScore: 40);

        await plc.HearAsync("model", h => h["state"] == "loading" && h["aspired"] == "2");
        await plc.TriggerAsync("meanwhile");
        Assert.Equal("1", (await plc.VerdictAsync("meanwhile"))["version"]);
        Heard refused = await plc.HearAsync("model", h => h["state"] == "refused" && h["aspired"] == "2");
        Assert.Contains("did not prove itself in a process of its own: " + reason, refused["reason"], StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine(refused["reason"] ?? "");
        await plc.TriggerAsync("after");
        Assert.Equal("1", (await plc.VerdictAsync("after"))["version"]);

        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 1));
        await plc.HearAsync("model", h => h["state"] == "running" && h["version"] == "3");
        Assert.Equal(1, agent.Station.Watcher.Refusals);
    }

    [Fact]
    public void What_has_proved_itself_need_not_again_and_a_changed_package_must()
    {
        using TempFolder folder = new();
        ModelProof proof = new(new ProofOptions());
        Package good = TestModels.Publish(folder["models"], TinyGraph.Write());
        proof.Require(good, 1, TestContext.Current.CancellationToken);

        // Its graph is gone: a second process would say so.
        File.Delete(good.ModelPath);
        proof.Require(good, 1, TestContext.Current.CancellationToken);
        File.AppendAllText(Path.Combine(good.Folder, "manifest.json"), " ");
        ModelProofException e = Assert.Throws<ModelProofException>(() => proof.Require(good, 1, TestContext.Current.CancellationToken));
        Assert.Contains("model.onnx", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Golden_images_are_part_of_the_proof()
    {
        using TempFolder folder = new();
        Package bad = TestModels.Publish(folder["models"], TinyGraph.Write(), expectedScore: 77);
        Assert.Contains("score is 40, expected 77", Assert.Throws<ModelProofException>(() => new ModelProof(new ProofOptions()).Require(bad, 1, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_stops_does_not_wait_for_a_proof()
    {
        using TempFolder folder = new();
        Package stalls = TestModels.Publish(folder["models"], TinyGraph.Write(trap: Trap.Stalls), expectedScore: 40);
        using CancellationTokenSource stop = new();
        Task proof = Task.Run(() => new ModelProof(new ProofOptions { Seconds = 3600 }).Require(stalls, 1, stop.Token), TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => proof);
    }

    [Fact]
    public void The_process_ends_itself_when_nobody_else_does()
    {
        using TempFolder folder = new();
        Package stalls = TestModels.Publish(folder["models"], TinyGraph.Write(trap: Trap.Stalls), expectedScore: 40);
        using AgentProcess process = new(["models", "prove", stalls.Folder, "--threads", "1", "--seconds", "1"]);
        Assert.Equal(ProofLimits.TooLong, process.Wait());
    }
}
