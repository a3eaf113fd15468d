using System.Text.Json.Nodes;
using Xunit;

namespace Edge.Tests.Monitoring;

/// <summary>The dashboards of deploy/grafana: every query answered by a real Prometheus that scrapes a real agent and a real trainer.</summary>
public sealed class DashboardTests(TrainedLine line)
{
    [Fact]
    public async Task Every_query_of_every_dashboard_has_an_answer()
    {
        using Mosquitto broker = new();
        using TempFolder folder = new();
        int agentPort = Ports.Free(), trainerPort = Ports.Free();
        File.WriteAllText(folder["appsettings.json"], $$"""
            { "Edge": {
              "Line": "line1", "Models": "{{line.Models}}", "State": "{{folder["state"]}}", "Http": { "Port": {{agentPort}} }, "Journal": { "Path": "{{folder["journal.db"]}}" },
              "Mqtt": { "Host": "127.0.0.1", "Port": {{broker.Port}} },
              "Stations": { "cam1": { "Source": { "Kind": "Folder", "Path": "{{Path.Combine(line.Data, "train/good")}}", "Loop": true }, "Trigger": { "Mode": "Interval", "Interval": "00:00:00.500" }, "Heatmaps": { "Enabled": false }, "Model": "flange", "Threads": 1 } } } }
            """);
        File.WriteAllText(folder["trainer.json"], $$"""
            { "Trainer": {
              "Models": "{{folder["models"]}}", "State": "{{folder["trainer"]}}", "Http": { "Port": {{trainerPort}} }, "Mqtt": { "Host": "127.0.0.1", "Port": {{broker.Port}} },
              "Products": { "flange": { "Data": "{{folder["data"]}}" } } } }
            """);
        using RealPrometheus prometheus = new(agentPort, trainerPort);
        using RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", folder["appsettings.json"]);
        using RunningProgram trainer = Programs.Start(Programs.Trainer, "serve", "--config", folder["trainer.json"]);
        string[] dashboards = Directory.GetFiles(Path.Combine(TestPaths.Repository, "deploy/grafana/dashboards"), "*.json");
        Assert.Equal(4, dashboards.Length);
        foreach (string file in dashboards)
        {
            JsonNode dashboard = JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!;
            Assert.Equal(Path.GetFileNameWithoutExtension(file), (string)dashboard["uid"]!);
            foreach (JsonNode? target in dashboard["panels"]!.AsArray().SelectMany(p => p!["targets"]!.AsArray()))
            {
                string query = ((string)target!["expr"]!).Replace("$__rate_interval", "5s", StringComparison.Ordinal).Replace("$station", ".*", StringComparison.Ordinal);
                Assert.DoesNotContain("$", query, StringComparison.Ordinal);
                await Eventually.Get(async () => await prometheus.SeriesAsync(query) >= Fewest(query) ? "" : null, $"{Path.GetFileName(file)}: {query} has an answer");
            }
        }
    }

    /// <summary>A machine without a GPU has none of its figures; the query must still be one.</summary>
    private static int Fewest(string query) => query.Contains("edge_gpu_", StringComparison.Ordinal) && !File.Exists("/proc/driver/nvidia/version") ? 0 : 1;
}
