using System.Text.Json.Nodes;
using Edge.Journal;
using Xunit;

namespace Edge.Tests.Sparkplug;

/// <summary>The agent as a Sparkplug B edge node over mosquitto, read by a library that is not ours.</summary>
public sealed class SparkplugTests(TrainedLine line)
{
    [Fact]
    public async Task Births_results_and_deaths_through_outages_and_crashes()
    {
        using Mosquitto broker = new();
        using TempFolder folder = new();
        using SparkplugHost host = await SparkplugHost.ConnectAsync(broker);
        int http = Ports.Free();
        File.WriteAllText(folder["appsettings.json"], $$"""
            { "Edge": {
              "Line": "line1", "Models": "{{line.Models}}", "State": "{{folder["state"]}}", "Http": { "Port": {{http}} }, "Journal": { "Path": "{{folder["journal.db"]}}" },
              "Mqtt": { "Host": "127.0.0.1", "Port": {{broker.Port}} }, "Sparkplug": { "Enabled": true },
              "Stations": { "cam1": { "Source": { "Kind": "Synthetic" }, "Trigger": { "Mode": "Interval", "Interval": "00:00:00.150" }, "Heatmaps": { "Enabled": false }, "Model": "flange" } } } }
            """);
        using (RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", folder["appsettings.json"]))
        {
            await host.UntilAsync("DDATA", 10);
            await host.RebirthAsync();
            await host.UntilAsync("NBIRTH", 2);
            await host.UntilAsync("DDATA", host.Count("DDATA") + 5);

            broker.Stop();
            using HttpClient metrics = new();
            await Eventually.Get(async () => Backlog(await metrics.GetStringAsync(new Uri($"http://127.0.0.1:{http}/metrics"), TestContext.Current.CancellationToken)) >= 10 ? "" : null, "results wait on the disk");
            broker.Start();
            await host.ConnectAsync();
            await host.UntilAsync("NBIRTH", 3);
            await host.UntilAsync("DDATA", host.Count("DDATA") + 15);
            int deathsBefore = host.Count("NDEATH");
            agent.Kill();
            await host.UntilAsync("NDEATH", deathsBefore + 1);
        }
        using (RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", folder["appsettings.json"]))
        {
            await host.UntilAsync("NBIRTH", 4);
            await host.UntilAsync("DDATA", host.Count("DDATA") + 5);
            int deathsBefore = host.Count("NDEATH");
            agent.Signal(15);
            Assert.Equal(0, agent.Wait().ExitCode);
            await host.UntilAsync("NDEATH", deathsBefore + 1);
        }

        IReadOnlyList<SparkplugMessage> all = host.Decode(folder["heard.txt"]);
        SparkplugMessage[] births = [.. all.Where(m => m.Kind == "NBIRTH")], deaths = [.. all.Where(m => m.Kind == "NDEATH")];
        // One session more with each connection: the rebirth is of the same. A broker that stops publishes the will, and repeats it when it starts again.
        Assert.Equal([0, 0, 1, 2], births.Select(b => (long)b["bdSeq"]!));
        Assert.Equal([0, 1, 2], deaths.Select(d => (long)d["bdSeq"]!).Distinct());
        Assert.All(deaths, d => Assert.Equal((null, 1, 1, false), (d.Seq, d.Qos, d.Metrics.Count, d.Retain)));
        Assert.All(births, b => Assert.Equal((0, "Int64", "Boolean", false), (b.Seq, (string)b.Metrics["bdSeq"]["type"]!, (string)b.Metrics["Node Control/Rebirth"]["type"]!, (bool)b["Node Control/Rebirth"]!)));
        Assert.Equal(["NBIRTH", "DBIRTH"], all.Take(2).Select(m => m.Kind));
        Check(all.Where(m => m.Kind != "NDEATH"));

        // Everything that the journal has, in its order; a crash may repeat the last ones.
        using JournalFile journal = JournalFile.Open(folder["journal.db"]);
        Dictionary<string, JsonNode> parts = journal.After(0).Where(e => e.Kind == JournalKind.Part).ToDictionary(e => (string)JsonNode.Parse(e.Record)!["jobId"]!, e => JsonNode.Parse(e.Record)!);
        SparkplugMessage[] results = [.. all.Where(m => m.Kind == "DDATA" && m.Metrics.ContainsKey("Inspection/JobId"))];
        string[] jobs = [.. results.Select(r => (string)r["Inspection/JobId"]!).Distinct()];
        Assert.Equal(parts.Keys.Take(jobs.Length), jobs);
        Assert.InRange(parts.Count - jobs.Length, 0, 20);   // what was decided while the agent stopped comes with its next session
        foreach (SparkplugMessage result in results)
        {
            JsonNode part = parts[(string)result["Inspection/JobId"]!];
            foreach ((string metric, string member) in new[] { ("Verdict", "verdict"), ("Reason", "reason"), ("PartId", "partId"), ("Model", "model"), ("Recipe", "recipe") })
                Assert.Equal((string?)part[member], (string?)result[$"Inspection/{metric}"]);
            Assert.Equal((float?)part["score"], (float?)result["Inspection/Score"]);
            Assert.Equal((float?)part["threshold"], (float?)result["Inspection/Threshold"]);
            Assert.Equal((int?)part["version"], (int?)result["Inspection/Version"]);
            Assert.Equal(((DateTimeOffset?)part["capturedAt"])?.ToUnixTimeMilliseconds(), (long?)result["Inspection/CapturedAt"]);
            Assert.Equal(part["latencyMs"]!.AsObject().Sum(s => (double)s.Value!), (double)result["Inspection/LatencyMs"]!, 6);
        }
        Assert.Contains(results, r => (string?)r["Inspection/Verdict"] is "accept" or "reject");
    }

    /// <summary>The sequence has no gap, nothing comes that no birth has named, and what is older than the device's birth is marked so.</summary>
    private static void Check(IEnumerable<SparkplugMessage> messages)
    {
        (long expected, long bornAt, long session, int historical, int live) = (0, 0, -1, 0, 0);
        Dictionary<string, JsonNode> born = [];
        foreach (SparkplugMessage message in messages)
        {
            if (message.Kind == "NBIRTH")
            {
                if ((long)message["bdSeq"]! != session) bornAt = 0;
                (expected, session) = (0, (long)message["bdSeq"]!);
            }
            Assert.Equal((expected, 0, false), (message.Seq, message.Qos, message.Retain));
            expected = (expected + 1) % 256;
            if (message.Kind == "DBIRTH") (born, bornAt) = (message.Metrics, bornAt == 0 ? message.Timestamp : bornAt);
            if (message.Kind != "DDATA") continue;
            foreach ((string name, JsonNode metric) in message.Metrics)
            {
                Assert.Equal((string?)born[name]["type"], (string?)metric["type"]);
                bool marked = (bool?)metric["isHistorical"] ?? false;
                if ((long)metric["timestamp"]! != bornAt) Assert.Equal((long)metric["timestamp"]! < bornAt, marked);
                if (marked) historical++;
                else live++;
            }
        }
        Assert.InRange(historical, 100, int.MaxValue);
        Assert.InRange(live, 100, int.MaxValue);
    }

    private static int Backlog(string metrics) =>
        metrics.Split('\n').Where(l => l.StartsWith("edge_sparkplug_backlog{", StringComparison.Ordinal)).Select(l => int.Parse(l.Split(' ')[1])).Sum();
}
