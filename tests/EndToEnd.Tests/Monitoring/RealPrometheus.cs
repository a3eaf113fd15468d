using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Edge.Tests.Monitoring;

/// <summary>A real Prometheus with the rules of deploy/prometheus, made quick: everything in seconds instead of minutes.</summary>
internal sealed partial class RealPrometheus : IDisposable
{
    public static readonly string Deploy = Path.Combine(TestPaths.Repository, "deploy/prometheus");
    private readonly TempFolder folder = new();
    private readonly HttpClient http = new();
    private readonly RunningProgram program;
    private readonly int port = Ports.Free();

    public RealPrometheus(int? agent = null, int? trainer = null)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/prometheus"), "needs prometheus");
        foreach (string file in (string[])["edge-agent.rules.yml", "edge-trainer.rules.yml"])
            File.WriteAllText(folder[file], Quick(File.ReadAllText(Path.Combine(Deploy, file))));
        string config = File.ReadAllText(Path.Combine(Deploy, "prometheus.yml"));
        Assert.Contains("127.0.0.1:9464", config, StringComparison.Ordinal);
        File.WriteAllText(folder["prometheus.yml"], config.Replace("127.0.0.1:9464", $"127.0.0.1:{agent ?? Ports.Free()}", StringComparison.Ordinal).Replace("127.0.0.1:9465", $"127.0.0.1:{trainer ?? Ports.Free()}", StringComparison.Ordinal).Replace(": 15s", ": 1s", StringComparison.Ordinal));
        program = Programs.Start("/usr/bin/prometheus", $"--config.file={folder["prometheus.yml"]}", $"--storage.tsdb.path={folder["data"]}", $"--web.listen-address=127.0.0.1:{port}");
    }

    /// <summary>Waits of a second, counters looked at over five, ages of ten minutes after two seconds, a training of a day after one.</summary>
    private static string Quick(string rules) =>
        Range().Replace(For().Replace(rules, "for: 1s"), "[5s]").Replace("offset 15m", "offset 5s", StringComparison.Ordinal).Replace("_seconds > 600", "_seconds > 2", StringComparison.Ordinal).Replace("> 86400", "> 1", StringComparison.Ordinal);

    /// <summary>Names of the alerts that fire now; null while it does not answer.</summary>
    public async Task<IReadOnlySet<string>?> FiringAsync() =>
        await GetAsync("api/v1/alerts") is { } json ? json["data"]!["alerts"]!.AsArray().Where(a => (string)a!["state"]! == "firing").Select(a => (string)a!["labels"]!["alertname"]!).ToHashSet() : null;

    /// <summary>Rules whose evaluation failed, with the error.</summary>
    public async Task<IEnumerable<string>> SickRulesAsync() =>
        (await GetAsync("api/v1/rules"))!["data"]!["groups"]!.AsArray().SelectMany(g => g!["rules"]!.AsArray()).Where(r => (string)r!["health"]! != "ok").Select(r => $"{r!["name"]}: {r["health"]} {r["lastError"]}");

    /// <summary>Series that the query returns now; an error in it fails the test.</summary>
    public async Task<int?> SeriesAsync(string query) => await GetAsync($"api/v1/query?query={Uri.EscapeDataString(query)}") is { } json ? json["data"]!["result"]!.AsArray().Count : null;

    public Task Fires(string alert) => Eventually.Get(async () => (await FiringAsync())?.Contains(alert) == true ? "" : null, $"{alert} fires");

    public Task Clears(string alert) => Eventually.Get(async () => (await FiringAsync())?.Contains(alert) == false ? "" : null, $"{alert} clears");

    private async Task<JsonNode?> GetAsync(string path)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/{path}"), TestContext.Current.CancellationToken);
            if (answer.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable) return null;
            string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {text}");
            return JsonNode.Parse(text)!;
        }
        catch (HttpRequestException) when (!program.HasExited)
        {
            return null;
        }
    }

    [GeneratedRegex(@"for: \d+[mh]")]
    private static partial Regex For();

    [GeneratedRegex(@"\[\d+m\]")]
    private static partial Regex Range();

    public void Dispose()
    {
        program.Dispose();
        http.Dispose();
        folder.Dispose();
    }
}
