using System.Globalization;
using System.Text.RegularExpressions;
using Edge.Packages;
using Edge.Tests.Monitoring;
using Xunit;

namespace Edge.Tests;

/// <summary>A fleet: a trainer's models over HTTPS to two agents with models folders of their own, announced over a real mosquitto with deploy/mosquitto's rights; one is killed in the middle.</summary>
public sealed partial class DeliveryTests(TrainedLine line) : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly TestCertificates authority = new();
    private readonly int delivery = Ports.Free();

    public void Dispose()
    {
        authority.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_fleet_gets_what_its_trainer_makes_current()
    {
        using Mosquitto broker = new(authority, "plc", "of the line");
        foreach (string who in (string[])["trainer", "agent"]) authority.Write(folder.Path, who, who);
        authority.Write(folder.Path, "server", "trainer.plant.example");
        File.WriteAllText(folder["ca.pem"], authority.Pem);
        File.WriteAllText(folder["tokens"], "cell-a 0123456789abcdef\ncell-b fedcba9876543210\n");
        Programs.Run(Programs.Trainer, 0, "keys", "new", folder["signing.key"]);
        Programs.Run("/bin/cp", 0, "-r", line.Models, folder["models"]);
        Environment.SetEnvironmentVariable(SigningKey.Variable, folder["signing.key"]);
        try
        {
            Programs.Run(Programs.Trainer, 0, "calibrate", "--package", folder["models/flange"], "--threshold", Threshold(1.01));   // version 2, signed
        }
        finally
        {
            Environment.SetEnvironmentVariable(SigningKey.Variable, null);
        }
        File.WriteAllText(folder["trainer.json"], $$"""
            { "Trainer": {
              "Models": "{{folder["models"]}}", "State": "{{folder["trainer"]}}", "Http": { "Port": 0 }, {{Mqtt(broker, "trainer")}},
              "Delivery": { "Enabled": true, "Address": "127.0.0.1", "Port": {{delivery}}, "CertificateFile": "{{folder["server.pem"]}}", "KeyFile": "{{folder["server-key.pem"]}}", "TokenFile": "{{folder["tokens"]}}" },
              "Products": { "flange": { "Data": "{{line.Data}}" } } } }
            """);
        int a = Configure("a", "0123456789abcdef", broker, limit: 3000), b = Configure("b", "fedcba9876543210", broker, limit: null);
        using RealPrometheus prometheus = new(b);
        using RunningProgram second = Programs.Start(Programs.Agent, "run", "--config", folder["b.json"]);
        await prometheus.Fires("EdgeDeliveryTrouble");   // nobody is there yet

        using RunningProgram trainer = Programs.Start(Programs.Trainer, "serve", "--config", folder["trainer.json"]);
        using (RunningProgram killed = Programs.Start(Programs.Agent, "run", "--config", folder["a.json"]))
        {
            await Eventually.True(() => Part("a") > 1_000_000, $"a part of the model is here\n{trainer.Output}{killed.Output}");
            killed.Kill();
            killed.Wait();
        }
        long had = Part("a");
        Assert.True(had > 1_000_000 && !Directory.Exists(folder["a/models/flange/2"]), $"{had}");
        using RunningProgram first = Programs.Start(Programs.Agent, "run", "--config", folder["a.json"]);
        await Runs(first, a, 2);
        await Runs(second, b, 2);
        Assert.InRange((await Value(a, "edge_delivery_bytes_total"))!.Value, 1, new DirectoryInfo(folder["models/flange/2"]).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length) - had);   // only what was missing
        Assert.Equal(1, await Value(a, "edge_delivery_resumes_total"));
        await prometheus.Clears("EdgeDeliveryTrouble");

        // A new version becomes current at the trainer; the agents ask only once in a week by themselves.
        Programs.Run(Programs.Trainer, 0, "calibrate", "--package", folder["models/flange"], "--threshold", Threshold(1.02));   // not signed
        await Eventually.True(() => first.Output.Contains("flange version 3 of https://localhost", StringComparison.Ordinal) && second.Output.Contains("it is not signed", StringComparison.Ordinal), "what nobody has signed is refused");
        Environment.SetEnvironmentVariable(SigningKey.Variable, folder["signing.key"]);
        Programs.Run(Programs.Trainer, 0, "calibrate", "--package", folder["models/flange"], "--threshold", Threshold(1.03));
        Environment.SetEnvironmentVariable(SigningKey.Variable, null);
        await Runs(first, a, 4);
        await Runs(second, b, 4);
        Assert.Contains("delivery from https://localhost", Programs.Run(Programs.Agent, 0, "models", "history", "flange", "--models", folder["a/models"]).Output, StringComparison.Ordinal);
        Assert.Contains("\"model-delivered\"", Programs.Run(Programs.Agent, 0, "journal", "show", "--journal", folder["a/journal.db"], "--kind", "event", "--last", "100").Output, StringComparison.Ordinal);

        // By hand, for a folder of its own, and what a mistake says.
        string pull = File.ReadAllText(folder["a.json"]).Replace(folder["a/models"], folder["pulled"], StringComparison.Ordinal);
        File.WriteAllText(folder["pull.json"], pull);
        Assert.Contains("signed with trusted key", Programs.Run(Programs.Agent, 0, "models", "pull", "flange", "--version", "2", "--config", folder["pull.json"]).Output, StringComparison.Ordinal);
        Assert.Contains("is here already", Programs.Run(Programs.Agent, 0, "models", "pull", "flange", "--version", "2", "--config", folder["pull.json"]).Output, StringComparison.Ordinal);
        Assert.Contains("has no version 9", Programs.Run(Programs.Agent, 1, "models", "pull", "flange", "--version", "9", "--config", folder["pull.json"]).Error, StringComparison.Ordinal);
        Assert.Contains("it is not signed", Programs.Run(Programs.Agent, 1, "models", "pull", "flange", "--version", "3", "--config", folder["pull.json"]).Error, StringComparison.Ordinal);
        Assert.Equal(["2"], Directory.EnumerateFileSystemEntries(folder["pulled/flange"]).Select(f => Path.GetFileName(f)));
        foreach (RunningProgram program in (RunningProgram[])[first, second, trainer])
        {
            program.Signal(15);
            Assert.Equal(0, program.Wait().ExitCode);
            Assert.DoesNotContain("0123456789abcdef", program.Output + program.Error, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("refuses", trainer.Output + first.Output, StringComparison.Ordinal);   // the rights are enough
    }

    private string Threshold(double factor) => FormattableString.Invariant($"{PackageStore.OpenAny(line.Package).Manifest.Calibration.Threshold * factor}");

    private string Mqtt(Mosquitto broker, string who) =>
        $$""" "Mqtt": { "Host": "localhost", "Port": {{broker.Port}}, "UseTls": true, "CaFile": "{{folder["ca.pem"]}}", "CertificateFile": "{{folder[$"{who}.pem"]}}", "KeyFile": "{{folder[$"{who}-key.pem"]}}" } """;

    private int Configure(string cell, string token, Mosquitto broker, int? limit)
    {
        int port = Ports.Free();
        File.WriteAllText(folder[$"token-{cell}"], token);
        File.WriteAllText(folder[$"{cell}.json"], $$"""
            { "Edge": {
              "Line": "{{cell}}", "Models": "{{folder[$"{cell}/models"]}}", "State": "{{folder[$"{cell}/state"]}}", "TrustedKeys": "{{folder["signing.key.pub"]}}", "Journal": { "Path": "{{folder[$"{cell}/journal.db"]}}" }, "Http": { "Port": {{port}} }, {{Mqtt(broker, "agent")}},
              "Delivery": { "Url": "https://localhost:{{delivery}}/", "CaFile": "{{folder["ca.pem"]}}", "TokenFile": "{{folder[$"token-{cell}"]}}", "Activate": "Current", "PollMinutes": 10000, "FreeMegabytes": 0 {{(limit is null ? "" : $", \"MaxKilobytesPerSecond\": {limit}")}} },
              "Stations": { "cam1": { "Source": { "Kind": "Synthetic", "Width": 640, "Height": 512 }, "Trigger": { "Mode": "Interval", "Interval": "00:00:00.2" }, "Heatmaps": { "Enabled": false }, "Model": "flange", "Threads": 1 } } } }
            """);
        return port;
    }

    private long Part(string cell) => Directory.Exists(folder[$"{cell}/models/flange"])
        ? Directory.EnumerateFiles(folder[$"{cell}/models/flange"], "model.onnx.part", SearchOption.AllDirectories).Select(f => new FileInfo(f).Length).FirstOrDefault() : 0;

    private static Task<string> Runs(RunningProgram agent, int port, int version) => Eventually.Get(async () => await Value(port, "edge_model_version") == version ? "" : null, $"version {version} runs: {agent.Output}");

    private static async Task<double?> Value(int port, string metric)
    {
        using HttpClient http = new();
        try
        {
            string text = await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), TestContext.Current.CancellationToken);
            return Samples().Matches(text).Where(m => m.Groups[1].Value == metric).Select(m => double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture)).Cast<double?>().FirstOrDefault();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^(edge_\w+)(?:\{[^}]*\})? (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Samples();
}
