using System.Text.RegularExpressions;
using Xunit;

namespace Edge.Tests.Monitoring;

/// <summary>The rules of deploy/prometheus: promtool's unit tests, the runbook, and causes that make alerts fire in a real Prometheus.</summary>
public sealed partial class AlertTests(TrainedLine line)
{
    private static readonly string Rules = RulesOf("edge-agent"), TrainerRules = RulesOf("edge-trainer");

    [Theory]
    [InlineData("edge-agent")]
    [InlineData("edge-trainer")]
    public void Every_alert_fires_and_clears_in_promtools_unit_tests(string program)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/promtool"), "needs promtool (prometheus)");
        string file = Path.Combine(RealPrometheus.Deploy, $"{program}.test.yml");
        Programs.Run("/usr/bin/promtool", 0, "test", "rules", file);
        string[] tests = File.ReadAllText(file).Split("alert_rule_test:")[1..];
        Assert.Equal(Alerts(RulesOf(program), "- alert: "), tests.Select(t => Assert.Single(Alerts(t, "alertname: ").Distinct())));
        Assert.All(tests, t => Assert.True(t.Contains("exp_labels", StringComparison.Ordinal) && t.Contains("exp_alerts: []", StringComparison.Ordinal), t));
    }

    [Fact]
    public void The_runbook_has_a_section_for_each_alert() =>
        Assert.Equal(Alerts(Rules + TrainerRules, "- alert: "), Alerts(File.ReadAllText(Path.Combine(TestPaths.Repository, "docs/runbook.md")), "## "));

    [Fact]
    public void Rules_use_metrics_that_the_programs_have()
    {
        string known = File.ReadAllText(Path.Combine(TestPaths.Repository, "docs/metrics.md"));
        known += File.ReadAllText(Path.Combine(TestPaths.Repository, "docs/trainer-metrics.md"));
        Assert.All(Metric().Matches(Rules + TrainerRules).Select(m => m.Value.Replace("_bucket", "", StringComparison.Ordinal)).Distinct(), m => Assert.Contains($"`{m}`", known, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Real_causes_make_alerts_fire_and_their_end_clears_them()
    {
        using Mosquitto broker = new();
        using TempFolder folder = new();
        int port = Ports.Free();
        Directory.CreateDirectory(folder["models"]);
        File.WriteAllText(folder["appsettings.json"], $$"""
            { "Edge": {
              "Line": "line1", "Models": "{{folder["models"]}}", "State": "{{folder["state"]}}", "Http": { "Port": {{port}} }, "Journal": { "Path": "{{folder["journal/journal.db"]}}" },
              "Mqtt": { "Host": "127.0.0.1", "Port": {{broker.Port}} },
              "Stations": { "cam1": { "Source": { "Kind": "Folder", "Path": "{{folder["captures"]}}", "Loop": true, "ReconnectMs": 100 }, "Trigger": { "Mode": "Interval", "Interval": "00:00:00.500" }, "Heatmaps": { "Enabled": false }, "Model": "flange" } } } }
            """);
        using RealPrometheus prometheus = new(port);
        await prometheus.Fires("EdgeAgentDown");
        using (RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", folder["appsettings.json"]))
        {
            await prometheus.Clears("EdgeAgentDown");
            foreach (string alert in (string[])["EdgeCameraDown", "EdgeNoModel", "EdgeUninspectedShareHigh"]) await prometheus.Fires(alert);

            Directory.CreateDirectory(folder["models/flange"]);
            using (RunningProgram copy = Programs.Start("/bin/cp", "-r", Path.Combine(line.Package, "."), folder["models/flange"])) Assert.Equal(0, copy.Wait().ExitCode);
            await prometheus.Clears("EdgeNoModel");
            string[] pictures = [.. Directory.EnumerateFiles(Path.Combine(line.Data, "train/good")).Order()];
            Directory.CreateDirectory(folder["staged"]);
            foreach (string picture in pictures) File.Copy(picture, Path.Combine(folder["staged"], Path.GetFileName(picture)));
            Directory.Move(folder["staged"], folder["captures"]);
            await prometheus.Clears("EdgeCameraDown");

            broker.Stop();
            await prometheus.Fires("EdgeBrokerDisconnected");
            broker.Start();
            await prometheus.Clears("EdgeBrokerDisconnected");

            Assert.Empty(await prometheus.SickRulesAsync());
            agent.Kill();
        }
        await prometheus.Fires("EdgeAgentDown");
    }

    [Fact]
    public async Task Real_causes_make_the_trainers_alerts_fire_and_their_end_clears_them()
    {
        using Mosquitto broker = new();
        broker.Stop();
        using TempFolder folder = new();
        string limit = "";
        int port = Ports.Free();
        string[] pictures = [.. Directory.EnumerateFiles(Path.Combine(line.Data, "train/good")).Order()];
        Directory.CreateDirectory(folder["reviewed/good"]);
        File.Copy(pictures[0], folder["reviewed/good/0.jpg"]);
        string[] crowd = [.. Enumerable.Range(0, 12).Select(i => $"q{i}")];
        Configure("0.1");
        using RealPrometheus prometheus = new(trainer: port);
        await prometheus.Fires("EdgeTrainerDown");
        using (RunningProgram trainer = Programs.Start(Programs.Trainer, "serve", "--config", folder["trainer.json"]))
        {
            foreach (string alert in (string[])["EdgeTrainerBrokerDisconnected", "EdgeTrainerRunFailed"]) await prometheus.Fires(alert);   // there is no data folder
            await prometheus.Clears("EdgeTrainerDown");

            broker.Start();
            Directory.CreateDirectory(folder["data"]);
            foreach (string picture in pictures) File.Copy(picture, Path.Combine(folder["data"], Path.GetFileName(picture)));
            File.Copy(pictures[1], folder["reviewed/good/1.jpg"]);
            File.SetLastWriteTimeUtc(folder["reviewed/good/1.jpg"], DateTime.UtcNow);
            await prometheus.Fires("EdgeTrainerRunLong");
            foreach (string alert in (string[])["EdgeTrainerBrokerDisconnected", "EdgeTrainerRunFailed", "EdgeTrainerRunLong"]) await prometheus.Clears(alert);

            Train("heavy");
            await prometheus.Fires("EdgeTrainerCandidateRefused");
            foreach (string product in crowd) Train(product);
            await prometheus.Fires("EdgeTrainerQueueLong");
            foreach (string product in crowd) broker.Publish("edge/line1/trainer/command", $$"""{"command":"cancel","run":"{{product}}-0.1"}""");
            await prometheus.Clears("EdgeTrainerQueueLong");
            trainer.Signal(15);
            Assert.Equal(0, trainer.Wait().ExitCode);
        }
        Configure("100");
        using (RunningProgram trainer = Programs.Start(Programs.Trainer, "serve", "--config", folder["trainer.json"]))
        {
            await prometheus.Clears("EdgeTrainerDown");
            await prometheus.Fires("EdgeTrainerCandidateRefused");   // remembered
            Train("heavy");
            await prometheus.Clears("EdgeTrainerCandidateRefused");
        }
        Assert.Empty(await prometheus.SickRulesAsync());

        void Train(string product) => broker.Publish("edge/line1/trainer/command", $$"""{"command":"train","run":"{{product}}-{{limit}}","product":"{{product}}"}""");

        void Configure(string megabytes)
        {
            limit = megabytes;
            string product = $$""" "Data": "{{folder["data"]}}", "Arguments": "--coreset 0.02 --size 64", "Gates": { "MaxFalseRejectRate": 1 """;
            File.WriteAllText(folder["trainer.json"], $$"""
                { "Trainer": {
                  "Models": "{{folder["models"]}}", "State": "{{folder["state"]}}", "Http": { "Port": {{port}} }, "Mqtt": { "Host": "127.0.0.1", "Port": {{broker.Port}} },
                  "Products": {
                    "flange": { "Reviewed": "{{folder["reviewed"]}}", "ReviewedParts": 1, {{product}} } },
                    "heavy": { {{product}}, "MaxMegabytes": {{limit}} } },
                    {{string.Join(", ", crowd.Select(name => $$""" "{{name}}": { {{product}} } } """))}} } } }
                """);
        }
    }

    [Fact]
    public void Every_alert_is_made_to_fire_by_its_cause()
    {
        string[] tests = ["AlertTests.cs", "LineAlertTests.cs", "../DeliveryTests.cs"];
        string text = string.Concat(tests.Select(t => File.ReadAllText(Path.Combine(TestPaths.Repository, "tests/EndToEnd.Tests/Monitoring", t))));
        Assert.All(Alerts(Rules + TrainerRules, "- alert: "), alert => Assert.Contains($"\"{alert}\"", text, StringComparison.Ordinal));
    }

    private static string RulesOf(string program) => File.ReadAllText(Path.Combine(RealPrometheus.Deploy, $"{program}.rules.yml"));

    private static string[] Alerts(string text, string before) =>
        [.. Regex.Matches(text, $@"^\s*{Regex.Escape(before)}(\S+)$", RegexOptions.Multiline).Select(m => m.Groups[1].Value)];

    [GeneratedRegex(@"\bedge_\w+")]
    private static partial Regex Metric();
}
