using System.Diagnostics;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Scoring;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Capture.GenICam;

/// <summary>
/// One software trigger, one verdict; the camera is pulled out and plugged in again, and the ledger closes. EDGE_CAMERA_TRIGGERS=10000
/// makes it as long as wanted (the camera answers on a tick of 40 ms) and prints latencies and recovery times.
/// </summary>
[Collection(nameof(FakeGigECamera))]
public sealed class TriggeredCameraTests(ITestOutputHelper output)
{
    private static readonly int Triggers = int.Parse(Environment.GetEnvironmentVariable("EDGE_CAMERA_TRIGGERS") ?? "60", System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public async Task Every_trigger_has_one_verdict_also_while_the_camera_is_away()
    {
        using FakeGigECamera camera = new();
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source = new SourceOptions { Kind = SourceKind.Aravis, ReconnectMs = 200, Aravis = { Device = FakeGigECamera.Address } };
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["camera"] == "online" && h["version"] == "1");

        List<double> latencies = [];
        List<string?> heard = [];
        await TriggerAsync(Triggers);
        Assert.Equal((Triggers, 0), (agent.Station.Ledger.Triggers, agent.Station.Ledger.Count(Verdict.Uninspected)));

        long pulled = Stopwatch.GetTimestamp();
        camera.PullOut();
        await plc.TriggerAsync("away");
        Assert.Equal("camera", (await plc.VerdictAsync("away"))["reason"]);
        heard.Add("away");
        TimeSpan noticed = Stopwatch.GetElapsedTime(pulled);
        await plc.HearAsync("status", h => h["camera"] is "faulted" or "stalled" && h["cameraTrouble"] is not null);
        int statuses = plc.All("status").Count;

        long plugged = Stopwatch.GetTimestamp();
        camera.PlugIn();
        await plc.UntilAsync(() => plc.All("status").Count > statuses && plc.All("status")[^1]["camera"] == "online", "online again");
        TimeSpan recovered = Stopwatch.GetElapsedTime(plugged);
        await TriggerAsync(5);

        Ledger ledger = agent.Station.Ledger;
        Assert.Equal((Triggers + 6, 0), (ledger.Triggers, ledger.Awaiting));
        Assert.Equal(ledger.Triggers, Enum.GetValues<Verdict>().Sum(ledger.Count));
        Assert.Equal((1, 1), (ledger.Count(Verdict.Uninspected), ledger.Count(Verdict.Uninspected, Reason.Camera)));
        Assert.Equal(Triggers + 6, heard.Distinct().Count());
        await agent.UntilAsync(() => agent.Station.Publisher.Published == Triggers + 6, "every acknowledgement");
        Assert.True(agent.Station.Camera.Reconnects > 0);
        Report(latencies, noticed, recovered);

        async Task TriggerAsync(int count)
        {
            for (int i = 0; i < count; i++)
            {
                string job = $"job-{heard.Count}";
                plc.Forget();
                long start = Stopwatch.GetTimestamp();
                await plc.TriggerAsync(job);
                Heard verdict = await plc.HearAsync("verdict");
                latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                heard.Add(verdict["jobId"]);
                Assert.Equal(job, verdict["jobId"]);
                Assert.NotEqual("uninspected", verdict["verdict"]);
            }
        }
    }

    private void Report(List<double> latencies, TimeSpan noticed, TimeSpan recovered)
    {
        latencies.Sort();
        output.WriteLine($"{latencies.Count} triggers; trigger to verdict at the PLC, ms: {string.Join(", ", new[] { 0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1 }.Select(q => $"{q:P1} {latencies[(int)(q * (latencies.Count - 1))]:F1}"))}");
        foreach (IGrouping<int, double> bin in latencies.GroupBy(l => (int)(l / 5) * 5).OrderBy(b => b.Key)) output.WriteLine($"{bin.Key,5} to {bin.Key + 5,3} ms {bin.Count(),6}");
        output.WriteLine($"pulled out: the part's verdict after {noticed.TotalSeconds:F2} s; plugged in: online after {recovered.TotalSeconds:F2} s");
    }
}
