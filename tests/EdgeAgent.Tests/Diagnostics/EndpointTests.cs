using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Diagnostics;

public sealed class EndpointTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task Healthz_says_what_is_wrong_and_200_when_nothing_is()
    {
        await using TestAgent agent = new();
        Directory.Delete(agent.Pictures);
        await agent.StartAsync();
        await agent.UntilAsync(() => agent.Station.Camera.Trouble is not null, "no camera");
        (HttpStatusCode code, JsonNode report) = await HealthAsync(agent);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        string problems = string.Join('\n', report["problems"]!["cam1"]!.AsArray());
        Assert.Contains("no model 'tiny' runs", problems, StringComparison.Ordinal);
        Assert.Contains("camera is faulted: There is no folder", problems, StringComparison.Ordinal);

        Directory.CreateDirectory(agent.Pictures);
        TestModels.Publish(agent.Models, TinyGraph.Write());
        await agent.UntilAsync(() => agent.Station.Inspector.Model is not null && agent.Station.Camera.State == Agent.Capture.CameraState.Online, "healthy");
        (code, report) = await HealthAsync(agent);
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Equal(("healthy", 0), ((string?)report["status"], report["problems"]!["cam1"]!.AsArray().Count));
    }

    [Fact]
    public async Task Metrics_show_the_ledger()
    {
        await using TestAgent agent = new();
        foreach ((string name, byte brightness) in new (string, byte)[] { ("1", 40), ("2", 95), ("3", 120), ("4", 120) }) agent.AddPicture($"{name}.png", brightness);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Ledger.Triggers == 4 && agent.Station.Publisher.Published == 4, "4 parts");
        string metrics = await Http.GetStringAsync(new Uri(agent.Host.Address, "metrics"), TestContext.Current.CancellationToken);

        Assert.Equal(4, Value(metrics, """edge_triggers_total{station="cam1"}"""));
        Assert.Equal(1, Value(metrics, """edge_verdicts_total{station="cam1",verdict="accept",reason="none"}"""));
        Assert.Equal(1, Value(metrics, """edge_verdicts_total{station="cam1",verdict="review",reason="none"}"""));
        Assert.Equal(2, Value(metrics, """edge_verdicts_total{station="cam1",verdict="reject",reason="none"}"""));
        Assert.Equal(0, Value(metrics, """edge_verdicts_total{station="cam1",verdict="uninspected",reason="deadline"}"""));
        Assert.Equal(0, Value(metrics, """edge_parts_awaiting_verdict{station="cam1"}"""));
        Assert.Equal(4, Value(metrics, """edge_verdicts_published_total{station="cam1"}"""));
        Assert.Equal(4, Value(metrics, """edge_stage_seconds_count{station="cam1",stage="infer"}"""));
        Assert.Equal(1, Value(metrics, """edge_model_version{station="cam1",model="tiny"}"""));
        Assert.Equal(1, Value(metrics, """edge_camera_state{station="cam1",state="online"}"""));
        Assert.Equal(120, Value(metrics, """edge_score{station="cam1"}"""), 3);
        // (40 - 50) / (100 - 50) = -0.2, (95 - 50) / 50 = 0.9, (120 - 50) / 50 = 1.4
        Assert.Equal(1, Value(metrics, """edge_score_position_bucket{station="cam1",le="0"}"""));
        Assert.Equal(2, Value(metrics, """edge_score_position_bucket{station="cam1",le="1"}"""));
        Assert.Equal(4, Value(metrics, """edge_score_position_bucket{station="cam1",le="1.5"}"""));
    }

    [Fact]
    public async Task Promtool_accepts_the_metrics()
    {
        string? promtool = Array.Find(["/usr/bin/promtool", "/usr/local/bin/promtool"], File.Exists);
        Assert.SkipWhen(promtool is null, "needs promtool (Debian: prometheus)");
        await using TestAgent agent = new();
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Publisher.Published == 1, "a part");
        using Process check = Process.Start(new ProcessStartInfo(promtool!, ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await check.StandardInput.WriteAsync(await Http.GetStringAsync(new Uri(agent.Host.Address, "metrics"), TestContext.Current.CancellationToken));
        check.StandardInput.Close();
        string complaints = await check.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken) + await check.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(check.ExitCode == 0, complaints);
    }

    private static async Task<(HttpStatusCode, JsonNode)> HealthAsync(TestAgent agent)
    {
        using HttpResponseMessage response = await Http.GetAsync(new Uri(agent.Host.Address, "healthz"), TestContext.Current.CancellationToken);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    private static double Value(string metrics, string series)
    {
        string line = Assert.Single(metrics.Split('\n'), l => l.StartsWith(series + " ", StringComparison.Ordinal));
        return double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
