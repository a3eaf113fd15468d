using System.Text.Json.Nodes;
using Edge.Agent.Capture;
using Edge.Agent.Inspection;
using Edge.Scoring;
using Edge.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Edge.Tests.Inspection;

/// <summary>What nobody foresaw stops the agent, so that systemd can start it again; what hangs is noticed.</summary>
public sealed class FailureTests
{
    [Fact]
    public async Task An_unexpected_failure_stops_the_agent_and_no_part_stays_without_a_verdict()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["version"] == "1");
        agent.Station.Inspector.Model!.Detector.Dispose();   // no catch anywhere expects this

        await plc.TriggerAsync("a");
        EdgeException e = await Assert.ThrowsAsync<EdgeException>(() => agent.Host.WaitAsync(TestContext.Current.CancellationToken));
        Assert.IsType<ObjectDisposedException>(e.InnerException);
        Assert.Equal("inference", (await plc.VerdictAsync("a"))["reason"]);
        Assert.Equal((1, 0), (agent.Station.Ledger.Triggers, agent.Station.Ledger.Awaiting));
        Assert.Contains(agent.Log, line => line.StartsWith("Critical: loop 'cam1 inspection' failed", StringComparison.Ordinal));
        await plc.UntilAsync(() => plc.All("status")[^1].Text == """{"state":"offline"}""", "offline");
    }

    [Fact]
    public async Task A_loop_that_hangs_is_not_alive()
    {
        FakeTimeProvider time = new();
        await using TestAgent agent = new();
        Fifo camera = new(Path.Combine(agent.Pictures, "1.png"));
        TestModels.Publish(agent.Models, TinyGraph.Write());
        await agent.StartAsync(time);
        using HttpClient http = new();
        await agent.UntilAsync(() => agent.Station.Inspector.Model is not null, "a model");
        await agent.UntilAsync(() => agent.Station.Queues.Pool.Count == agent.StationOptions.QueueCapacity - 1, "the capture loop is in its grab");

        JsonNode problems = JsonNode.Parse("{}")!;
        await agent.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                using HttpResponseMessage response = http.Send(new HttpRequestMessage(HttpMethod.Get, new Uri(agent.Host.Address, "healthz")), TestContext.Current.CancellationToken);
                problems = JsonNode.Parse(response.Content.ReadAsStream(TestContext.Current.CancellationToken))!["problems"]!["cam1"]!;
                return problems.AsArray().Any(p => p!.ToString().Contains("'cam1 capture' has not been alive", StringComparison.Ordinal));
            },
            "the capture loop is missed");
        Assert.Equal(CameraState.Stalled, agent.Station.Camera.State);
        await camera.ReleaseAsync(40);
        await agent.UntilAsync(() => agent.Station.Ledger.Count(Verdict.Accept) == 1, "it goes on");
    }

    [Fact]
    public void A_thread_that_throws_tells_its_name()
    {
        (string Name, Exception What)? failure = null;
        LoopThread thread = new("loop", TimeProvider.System, _ => throw new InvalidOperationException("why"), (name, e) => failure = (name, e));
        thread.Start();
        Assert.True(thread.Join(TimeSpan.FromSeconds(60)));
        Assert.Equal(("loop", "why"), (failure?.Name, failure?.What.Message));
    }
}
