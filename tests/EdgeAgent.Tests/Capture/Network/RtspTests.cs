using System.Globalization;
using Edge.Agent.Capture;
using Edge.Agent.Capture.Network;
using Edge.Agent.Configuration;
using Edge.Scoring;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Capture.Network;

/// <summary>A station on a real RTSP server: whatever happens to it is a state, a metric and a line in the log. EDGE_CAMERA_RESTARTS=20 restarts it more often.</summary>
public sealed class RtspTests
{
    private static readonly int Restarts = int.Parse(Environment.GetEnvironmentVariable("EDGE_CAMERA_RESTARTS") ?? "2", CultureInfo.InvariantCulture);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_is_killed_and_restarted_costs_parts_and_nothing_else()
    {
        using RtspServer server = new("cam", "s3cret'@/:é");
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        await File.WriteAllTextAsync(agent["login"], "cam:s3cret'@/:é\n", Cancel);
        agent.StationOptions.Source = new SourceOptions { Kind = SourceKind.Rtsp, Url = server.Url("live"), CredentialsFile = agent["login"], ReconnectMs = 100, LatencyMs = 50 };
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["camera"] == "online" && h["version"] == "1");
        int jobs = 0;
        for (int i = 0; i < Restarts; i++)
        {
            string verdict = await AskAsync();
            Assert.True(verdict is "accept" or "review" or "reject", $"{verdict}, {agent.Station.Camera.Repeated} repeated\n{string.Join('\n', agent.Log)}");
            server.Kill();
            await plc.UntilAsync(() => plc.All("status")[^1]["camera"] == "faulted", "faulted");
            Assert.Equal("camera", await AskAsync());
            server.Start();
            await plc.UntilAsync(() => plc.All("status")[^1]["camera"] == "online", "online");
        }
        Assert.Contains(await AskAsync(), (string[])["accept", "review", "reject"]);
        Agent.Inspection.Ledger ledger = agent.Station.Ledger;
        Assert.Equal((2 * Restarts + 1, 0, Restarts), (ledger.Triggers, ledger.Awaiting, ledger.Count(Verdict.Uninspected, Agent.Inspection.Reason.Camera)));
        Assert.Equal(Restarts, agent.Log.Count(l => l.Contains("camera Faulted (Ended)", StringComparison.Ordinal) || l.Contains("camera Faulted (Other)", StringComparison.Ordinal)));
        Assert.InRange(agent.Log.Count(l => l.Contains("camera Faulted (Unreachable)", StringComparison.Ordinal)), 0, Restarts);

        // Nobody reads the password anywhere.
        string everything = string.Join('\n', agent.Log) + await Metrics(agent) + string.Join('\n', plc.All("status").Select(s => s.Text));
        Assert.DoesNotContain("s3cret", everything, StringComparison.Ordinal);
        string[] commands = [.. Directory.EnumerateDirectories("/proc").Select(p => Path.Combine(p, "cmdline")).Where(File.Exists).Select(TryRead).Where(c => c.StartsWith("ffmpeg", StringComparison.Ordinal))];
        Assert.NotEmpty(commands);
        Assert.All(commands, c => Assert.DoesNotContain("s3cret", c, StringComparison.Ordinal));

        async Task<string> AskAsync()
        {
            await plc.TriggerAsync($"job-{jobs}");
            Heard verdict = await plc.VerdictAsync($"job-{jobs++}");
            return (verdict["reason"] ?? verdict["verdict"])!;
        }
    }

    [Theory]
    [InlineData("wrong", "live", "credentials", "refuses user and password")]
    [InlineData("none", "live", "credentials", "refuses user and password")]
    [InlineData("right", "nothing", "not-found", "has no such stream")]
    [InlineData("right", "audio", "codec", "it sends no video")]
    [InlineData("right", "killed", "unreachable", "nobody listens at its port")]
    public async Task What_is_wrong_is_told(string login, string path, string cause, string words)
    {
        using RtspServer server = new("cam", "right");
        if (path == "killed") server.Kill();
        await using TestAgent agent = new();
        await File.WriteAllTextAsync(agent["login"], $"cam:{login}", Cancel);
        agent.StationOptions.Source = new SourceOptions { Kind = SourceKind.Rtsp, Url = server.Url(path), CredentialsFile = login == "none" ? null : agent["login"], ReconnectMs = 100, TimeoutMs = 30_000 };   // else, on a busy machine, silence is what is wrong
        await agent.StartAsync();
        await agent.UntilAsync(() => agent.Station.Camera.State == CameraState.Faulted, "faulted");
        Assert.Contains(words, agent.Station.Camera.Trouble, StringComparison.Ordinal);
        Assert.Contains($$"""edge_camera_trouble{station="cam1",cause="{{cause}}"} 1""", await Metrics(agent), StringComparison.Ordinal);
        Assert.Single(agent.Log, l => l.Contains("camera Faulted", StringComparison.Ordinal));   // however many attempts there were
    }

    [Fact]
    public async Task A_stream_that_stops_or_repeats_itself_is_no_camera()
    {
        using RtspServer server = new();
        await using TestAgent agent = new();
        agent.StationOptions.Source = new SourceOptions { Kind = SourceKind.Rtsp, Url = server.Url("live"), ReconnectMs = 100, TimeoutMs = 3000 };
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Ledger.Triggers >= 3, "parts");
        server.Freeze();
        await agent.UntilAsync(() => agent.Station.Camera is { State: CameraState.Faulted, Cause: CameraCause.Silent or CameraCause.Unreachable }, "silence is noticed");
        server.Thaw();
        long before = agent.Station.Ledger.Triggers;
        await agent.UntilAsync(() => agent.Station.Camera.State == CameraState.Online && agent.Station.Ledger.Triggers > before, "it goes on");

        await using TestAgent other = new();
        other.StationOptions.Source = new SourceOptions { Kind = SourceKind.Rtsp, Url = server.Url("frozen"), ReconnectMs = 100, FrozenMs = 300 };
        await other.StartWithModelAsync();
        await other.UntilAsync(() => other.Log.Any(l => l.Contains("camera Frozen (Frozen): the same frame for 300 ms", StringComparison.Ordinal)), "frozen");
        await other.UntilAsync(() => other.Station.Ledger.Awaiting == 0, "the verdict");
        Assert.Equal(1, other.Station.Ledger.Triggers);   // one picture is one part, and its repeats are none
        Assert.True(other.Station.Camera.Repeated > 1);
    }

    [Fact]
    public void H264_is_decoded_and_the_newest_frame_is_given()
    {
        using RtspServer server = new();
        using RtspSource source = new(new SourceOptions { Url = server.Url("h264"), LatencyMs = 0 }, TimeProvider.System);
        source.Open();
        Frame frame = new();
        for (int i = 0; i < 5; i++)
        {
            source.NewPart();
            Assert.Equal(Grab.Frame, source.Grab(frame, TimeSpan.FromSeconds(10)));
            Assert.Equal((160, 120, Edge.Imaging.PixelFormat.Rgb24), (frame.Image.Width, frame.Image.Height, frame.Image.Format));
        }
        Assert.Equal(Grab.Nothing, source.Grab(frame, TimeSpan.Zero));   // given once
    }

    private static async Task<string> Metrics(TestAgent agent)
    {
        using HttpClient http = new();
        return await http.GetStringAsync(new Uri(agent.Host.Address, "metrics"), Cancel);
    }

    private static string TryRead(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";   // a process that has just ended
        }
    }
}
