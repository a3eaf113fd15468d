using System.Text.Json;
using Edge.Journal;
using Edge.Packages;
using Xunit;

namespace Edge.Tests.Monitoring;

/// <summary>What goes wrong on a line, done for real: each alert fires in a real Prometheus, and clears when it is mended.</summary>
public sealed class LineAlertTests(TrainedLine line)
{
    [Fact]
    public async Task Models_parts_and_historians()
    {
        using Mosquitto broker = new();
        using TempFolder folder = new();
        int port = Ports.Free();
        string package = folder["models/flange"];
        Programs.Run("/bin/cp", 0, "-r", line.Models, folder["models"]);
        (string reject, string[] normals) = Choose();
        Directory.CreateDirectory(folder["captures"]);
        Show(normals);
        File.WriteAllText(folder["appsettings.json"], $$"""
            { "Edge": {
              "Line": "line1", "Models": "{{folder["models"]}}", "State": "{{folder["state"]}}", "Http": { "Port": {{port}} }, "Journal": { "Path": "{{folder["journal.db"]}}" },
              "Mqtt": { "Host": "127.0.0.1", "Port": {{broker.Port}}, "VerdictQueueCapacity": 16 }, "Sparkplug": { "Enabled": true, "PrimaryHost": "scada" },
              "Stations": {
                "cam1": { "Source": { "Kind": "Folder", "Path": "{{folder["captures"]}}", "Loop": true }, "Trigger": { "Mode": "Interval", "Interval": "00:00:00.150" }, "Heatmaps": { "Enabled": false }, "Drift": { "FalseAlarmParts": 1000 }, "Model": "flange", "Threads": 1 },
                "cam2": { "Source": { "Kind": "Synthetic" }, "Trigger": { "Mode": "Mqtt" }, "Heatmaps": { "Enabled": false }, "QueueCapacity": 1, "Model": "flange", "Threads": 1 } } } }
            """);
        using RealPrometheus prometheus = new(port);
        using RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", folder["appsettings.json"]);
        foreach (string alert in (string[])["EdgeRecordsWaiting", "EdgeSparkplugWaiting"]) await prometheus.Fires(alert);
        using RunningProgram historian = broker.Subscribe("edge/line1/+/record");
        broker.Publish("spBv1.0/STATE/scada", $$"""{"online":true,"timestamp":{{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()}}}""", retain: true);
        foreach (string alert in (string[])["EdgeRecordsWaiting", "EdgeSparkplugWaiting"]) await prometheus.Clears(alert);

        broker.Publish("edge/line1/cam2/command", """{"command":"pause"}""");
        await prometheus.Fires("EdgePaused");
        broker.Publish("edge/line1/cam2/command", """{"command":"resume"}""");
        await prometheus.Clears("EdgePaused");

        await prometheus.Clears("EdgeOverload");
        for (int i = 0; !(await prometheus.FiringAsync())!.Contains("EdgeOverload"); i++)
            Parallel.For(0, 8, n => broker.Publish("edge/line1/cam2/trigger", $$"""{"jobId":"{{i}}-{{n}}"}"""));
        await prometheus.Clears("EdgeOverload");

        Show([reject]);
        foreach (string alert in (string[])["EdgeRejectStreak", "EdgeRejectShareHigh"]) await prometheus.Fires(alert);
        Show(normals);
        foreach (string alert in (string[])["EdgeRejectStreak", "EdgeRejectShareHigh"]) await prometheus.Clears(alert);

        Show(normals[^1..]);   // accepted, again and again the one with the highest score
        await prometheus.Fires("EdgeDrift");
        Show(normals);
        Programs.Run(Programs.Trainer, 0, "calibrate", "--package", package, "--threshold", FormattableString.Invariant($"{PackageStore.OpenAny(package).Manifest.Calibration.Threshold * 1.001}"));
        await prometheus.Clears("EdgeDrift");   // another version begins anew

        string golden = Directory.EnumerateFiles(Path.Combine(package, "2/golden"), "*.png").First();
        byte[] whole = File.ReadAllBytes(golden);
        File.WriteAllBytes(golden, [.. whole[..^1], (byte)(whole[^1] ^ 1)]);
        broker.Publish("edge/line1/cam1/command", """{"command":"self-test"}""");
        await prometheus.Fires("EdgeSelfTestFailed");
        File.WriteAllBytes(golden, whole);
        broker.Publish("edge/line1/cam1/command", """{"command":"self-test"}""");
        await prometheus.Clears("EdgeSelfTestFailed");

        File.WriteAllText(Path.Combine(package, "current"), "9\n");
        await prometheus.Fires("EdgeModelRefused");
        File.WriteAllText(Path.Combine(package, "current"), "2\n");
        await prometheus.Clears("EdgeModelRefused");

        Programs.Run(Programs.Trainer, 0, "calibrate", "--package", package, "--threshold", "0.000001");
        await prometheus.Fires("EdgeModelWithdrawn");
        Assert.Equal("2", File.ReadAllText(Path.Combine(package, "current")).Trim());
        await prometheus.Clears("EdgeModelWithdrawn");

        broker.Stop();
        await prometheus.Fires("EdgeVerdictsLost");
        broker.Start();
        await prometheus.Clears("EdgeVerdictsLost");
        Assert.Empty(await prometheus.SickRulesAsync());

        // The agent opens the pictures again in every round.
        void Show(string[] pictures)
        {
            string[] all = [.. Enumerable.Range(0, 8).Select(i => pictures[i % pictures.Length])];
            for (int i = 0; i < all.Length; i++)
            {
                File.Copy(all[i], folder["next"], overwrite: true);
                File.Move(folder["next"], folder[$"captures/{i}{Path.GetExtension(all[i])}"], overwrite: true);
            }
        }
    }

    [Fact]
    public async Task Disks_that_run_full_and_records_that_are_too_old()
    {
        using SmallDisk disk = new(2048);
        using TempFolder folder = new();
        int port = Ports.Free();
        using (JournalFile old = JournalFile.OpenForWriting(folder["old.db"]))
            old.Append([new JournalRecord("cam1", JournalKind.Part, DateTimeOffset.UtcNow.AddDays(-60), """{"jobId":"old"}"""), new JournalRecord("cam1", JournalKind.Part, DateTimeOffset.UtcNow, """{"jobId":"new"}""")]);
        using Mosquitto broker = new();
        File.WriteAllText(folder["appsettings.json"], Configuration(folder["old.db"]));
        using RealPrometheus prometheus = new(port);
        using (RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", folder["appsettings.json"]))
        {
            await prometheus.Fires("EdgeRecordsLost");   // counted before the first scrape
            await prometheus.Clears("EdgeRecordsLost");
        }
        File.WriteAllText(folder["appsettings.json"], Configuration(disk["journal.db"]));
        using (RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", folder["appsettings.json"]))
        {
            foreach (string alert in (string[])["EdgeDiskLow", "EdgeJournalNotWritable", "EdgeArchiveFailing"]) await prometheus.Fires(alert);
            disk.Resize(1024 * 1024);
            foreach (string alert in (string[])["EdgeDiskLow", "EdgeJournalNotWritable", "EdgeArchiveFailing"]) await prometheus.Clears(alert);
        }
        Assert.Empty(await prometheus.SickRulesAsync());

        string Configuration(string journal) => $$"""
            { "Edge": {
              "Line": "line1", "Models": "{{line.Models}}", "State": "{{folder["state"]}}", "Http": { "Port": {{port}} }, "Journal": { "Path": "{{journal}}", "KeepDays": 30 },
              "Archive": { "Enabled": true, "Path": "{{disk["archive"]}}", "AcceptedShare": 1, "MinFreeMegabytes": 0 }, "Mqtt": { "Host": "127.0.0.1", "Port": {{broker.Port}} },
              "Stations": { "cam1": { "Source": { "Kind": "Synthetic", "Width": 640, "Height": 512 }, "Trigger": { "Mode": "Interval", "Interval": "00:00:00.150" }, "Heatmaps": { "Enabled": false }, "Model": "flange", "Threads": 1 } } } }
            """;
    }

    [Fact]
    public async Task Certificates_that_end_and_a_broker_that_refuses()
    {
        using TestCertificates authority = new(days: 100);
        using Mosquitto broker = new(authority, "plc", "of the line");
        authority.Write(broker[""], "agent", "agent", TimeSpan.FromDays(10));
        int port = Ports.Free();
        File.WriteAllText(broker["appsettings.json"], $$"""
            { "Edge": {
              "Http": { "Port": {{port}} }, "Models": "{{line.Models}}", "State": "{{broker["state"]}}", "Journal": { "Enabled": false },
              "Mqtt": { "Host": "localhost", "Port": {{broker.Port}}, "UseTls": true, "CaFile": "{{broker["certs/ca.pem"]}}", "CertificateFile": "{{broker["agent.pem"]}}", "KeyFile": "{{broker["agent-key.pem"]}}" },
              "Stations": { "cam1": { "Source": { "Kind": "Synthetic" }, "Trigger": { "Mode": "Interval", "Interval": "00:00:00.200" }, "Heatmaps": { "Enabled": false }, "Model": "flange", "Threads": 1 } } } }
            """);
        using RealPrometheus prometheus = new(port);
        using RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", broker["appsettings.json"]);
        await prometheus.Fires("EdgeCertificateEnds");
        authority.Write(broker[""], "agent", "agent", TimeSpan.FromDays(60));
        authority.Write(broker["certs"], "broker", "broker", TimeSpan.FromDays(60));
        Restart();
        await prometheus.Clears("EdgeCertificateEnds");

        string acl = File.ReadAllText(broker["acl"]);
        Assert.Contains("topic write edge/+/+/verdict\n", acl, StringComparison.Ordinal);
        File.WriteAllText(broker["acl"], acl.Replace("topic write edge/+/+/verdict\n", "", StringComparison.Ordinal));
        Restart();
        await prometheus.Fires("EdgeMessagesRefused");
        File.WriteAllText(broker["acl"], acl);
        Restart();
        await prometheus.Clears("EdgeMessagesRefused");
        Assert.Empty(await prometheus.SickRulesAsync());

        void Restart()
        {
            broker.Stop();
            broker.Start();
        }
    }

    /// <summary>A picture that is rejected, and normal ones that are accepted in the order of their scores: all of them pictures that the model has not seen.</summary>
    private (string Reject, string[] Normals) Choose()
    {
        string[] pictures = [.. Directory.EnumerateFiles(Path.Combine(line.Data, "test"), "*.*", SearchOption.AllDirectories)];
        JsonElement[] results = [.. Programs.Run(Programs.Agent, 0, ["inspect", "--package", line.Package, .. pictures]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
        JsonElement[] ranked = [.. results.OrderBy(r => r.GetProperty("score").GetDouble())];
        Assert.Equal("reject", ranked[^1].GetProperty("verdict").GetString());
        return (File(ranked[^1]), [.. ranked.Where(r => r.GetProperty("verdict").GetString() == "accept" && File(r).Contains("/good/", StringComparison.Ordinal)).Select(File)]);

        static string File(JsonElement result) => result.GetProperty("file").GetString()!;
    }
}
