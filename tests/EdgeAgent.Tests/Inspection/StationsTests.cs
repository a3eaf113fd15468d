using System.Diagnostics;
using System.Globalization;
using Edge.Agent.Configuration;
using Edge.Scoring;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Inspection;

/// <summary>Several stations in one process: what they share and what they must not.</summary>
public sealed class StationsTests
{
    [Fact]
    public async Task Stations_with_one_model_share_its_session_and_each_gives_it_up_alone()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", 40);
        foreach (string name in (string[])["cam2", "cam3"])
        {
            agent.Options.Stations[name] = new StationOptions { Model = TestModels.Name, Threads = 1, Trigger = { Mode = TriggerMode.Mqtt }, Source = { Path = agent[name], Loop = true } };
            Directory.CreateDirectory(agent[name]);
            Pictures.Write(Path.Combine(agent[name], "1.png"), 60);
        }
        agent.Options.Stations["cam3"].Model = "other";
        string ours = TestModels.Publish(agent.Models, TinyGraph.Write(bias: 0.25f)).Manifest.Files["model.onnx"];
        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 0.75f), name: "other");
        await agent.StartAsync();
        await agent.UntilAsync(() => agent.Host.Stations.All(s => s.Inspector.Model is not null && s.Camera.State == Agent.Capture.CameraState.Online), "models and cameras");
        Assert.Equal(2, SharedSession.UsersOf(ours, 1));

        // At the same time, each its own picture.
        for (int i = 0; i < 20; i++)
            for (int station = 1; station <= 3; station++) await plc.TriggerAsync($"{station}-{i}", station: $"cam{station}");
        await plc.UntilAsync(() => plc.All("verdict").Count == 60, "every verdict");
        Assert.All(plc.All("verdict").Where(v => v["reason"] is null), v => Assert.Equal(v["jobId"]![0] switch { '1' => 40.25f, '2' => 60.25f, _ => 60.75f }, float.Parse(v["score"]!, CultureInfo.InvariantCulture)));
        Assert.All(agent.Host.Stations, s => Assert.True(s.Ledger.Count(Verdict.Accept) > 3));

        string next = TestModels.Publish(agent.Models, TinyGraph.Write(bias: 0.5f)).Manifest.Files["model.onnx"];
        await agent.UntilAsync(() => SharedSession.UsersOf(next, 1) == 2 && SharedSession.UsersOf(ours, 1) == 0, "both have changed over and closed the old one");
        await agent.Host.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, SharedSession.UsersOf(next, 1));
    }

    /// <summary>A ratio of one station's latencies in turn with and without the other's trouble, so that a busy machine is in both.</summary>
    [Theory]
    [InlineData("dead camera")]
    [InlineData("slow model")]
    public async Task What_a_station_suffers_does_not_slow_another(string trouble)
    {
        const int rounds = 8, triggers = 6;
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.AddPicture("1.png", 40);
        using SceneCamera camera = new(brightness: 60);
        agent.Options.Stations["cam2"] = new StationOptions { Model = "other", Threads = 1, Trigger = { Mode = TriggerMode.Mqtt }, Source = camera.Source };
        TestModels.Publish(agent.Models, TinyGraph.Write(work: 5));
        TestModels.Publish(agent.Models, TinyGraph.Write(work: trouble == "slow model" ? 600 : 5), name: "other");
        await agent.StartAsync();
        await agent.UntilAsync(() => agent.Host.Stations.All(s => s.Inspector.Model is not null && s.Camera.State == Agent.Capture.CameraState.Online), "models and cameras");

        List<double> alone = [], beside = [];
        for (int round = 0; round <= rounds; round++)
        {
            if (round > 0) await MeasureAsync(alone, $"alone-{round}");
            TaskCompletionSource? hanging = trouble == "dead camera" ? camera.HoldNext() : null;
            int before = camera.Asked;
            await plc.TriggerAsync($"sick-{round}", station: "cam2");
            await agent.UntilAsync(() => camera.Asked == before + 1, "the other station is busy");
            if (round > 0) await MeasureAsync(beside, $"beside-{round}");   // the first round warms up
            hanging?.SetResult();
            await plc.VerdictAsync($"sick-{round}");
        }
        alone.Sort();
        beside.Sort();
        double ratio = beside[beside.Count / 2] / alone[alone.Count / 2];
        TestContext.Current.SendDiagnosticMessage($"{trouble}: median latency beside it / alone = {ratio:F2} ({beside[beside.Count / 2]:F1} ms / {alone[alone.Count / 2]:F1} ms)");
        Assert.True(ratio < 4, $"{ratio}: {string.Join(' ', beside)} against {string.Join(' ', alone)}");

        async Task MeasureAsync(List<double> latencies, string name)
        {
            for (int i = 0; i < triggers; i++)
            {
                long start = Stopwatch.GetTimestamp();
                await plc.TriggerAsync($"{name}-{i}");
                Assert.Equal("accept", (await plc.VerdictAsync($"{name}-{i}"))["verdict"]);
                latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }
    }
}
