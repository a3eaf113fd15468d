using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit;

namespace Edge.Tests.Soak;

/// <summary>
/// Four stations, a broker that is restarted and an agent that is killed (SIGKILL), at random: every trigger gets its verdict, every
/// verdict's record reaches the historian, in order, and memory stays flat. Half a minute here; <c>build/soak.sh 30</c> takes half an hour.
/// </summary>
public sealed class SoakTests(TrainedLine line)
{
    private static readonly string[] Stations = ["station1", "station2", "station3", "station4"];
    private readonly StringBuilder report = new();

    [Fact]
    public async Task Every_trigger_has_a_verdict_and_a_record_whatever_is_killed()
    {
        double minutes = double.Parse(Environment.GetEnvironmentVariable("EDGE_SOAK_MINUTES") ?? "0.3", CultureInfo.InvariantCulture);
        bool brief = minutes < 1;
        using Mosquitto broker = new();
        using TempFolder folder = new();
        using RunningProgram verdicts = broker.Subscribe("edge/soak/+/verdict"), records = broker.Subscribe("edge/soak/+/record"), status = broker.Subscribe("edge/soak/+/status");
        string configuration = Configure(folder, broker.Port);
        RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", configuration);
        try
        {
            await Eventually.True(() => Stations.All(s => status.Output.Split('\n').Any(l => l.Contains($"/{s}/", StringComparison.Ordinal) && l.Contains("\"version\":1", StringComparison.Ordinal))), "four stations with a model");
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            SoakPlc[] plcs = [.. Stations.Select(s => new SoakPlc(broker.Port, s, TimeSpan.FromMilliseconds(brief ? 150 : 500)))];
            Task[] triggering = [.. plcs.Select(p => p.RunAsync(end.Token))];
            SoakBooks books = new(verdicts, records);
            Random random = new(1);
            Stopwatch clock = Stopwatch.StartNew();
            TimeSpan nextKill = Next(random, brief, kill: true), nextRestart = Next(random, brief, kill: false), nextSample = TimeSpan.FromSeconds(20);
            int kills = 0, restarts = 0;
            while (clock.Elapsed < TimeSpan.FromMinutes(minutes))
            {
                await Task.Delay(100, TestContext.Current.CancellationToken);
                Assert.False(agent.HasExited, $"the agent ended by itself:\n{agent.Output}\n{agent.Error}");
                if (clock.Elapsed > nextSample)
                {
                    books.Read();
                    Say($"{clock.Elapsed:mm\\:ss} resident {Resident(agent)} MB, agent {kills + 1}, {books.Jobs} jobs with a verdict, {books.Records} records");
                    nextSample += TimeSpan.FromSeconds(20);
                }
                if (clock.Elapsed > nextKill)
                {
                    agent.Kill();
                    agent.Wait();
                    agent.Dispose();
                    agent = Programs.Start(Programs.Agent, "run", "--config", configuration);
                    kills++;
                    nextKill = clock.Elapsed + Next(random, brief, kill: true);
                }
                if (clock.Elapsed > nextRestart)
                {
                    broker.Stop();
                    broker.Start();
                    restarts++;
                    nextRestart = clock.Elapsed + Next(random, brief, kill: false);
                }
            }
            await end.CancelAsync();
            await Task.WhenAll(triggering);
            string[] sent = [.. plcs.SelectMany(p => p.Sent)];
            Say($"{clock.Elapsed:mm\\:ss} {sent.Length} triggers sent, {kills} times killed, {restarts} broker restarts");
            Stopwatch patience = Stopwatch.StartNew();
            while (!books.HasAll(sent))
            {
                Assert.True(patience.Elapsed < TimeSpan.FromSeconds(60), $"{books.Missing(sent)}\n{report}\n{agent.Output}");
                await Task.Delay(200, TestContext.Current.CancellationToken);
            }
            books.CheckVerdicts();
            Say($"{books.Jobs} jobs, {books.Messages} verdict messages ({books.Revoked} jobs heard interrupted after a verdict); {string.Join(", ", books.Outcomes.Select(o => $"{o.Count} {o.What}"))}");
            Say($"{books.Records} records in order without a gap, {books.Historical} historical, {books.Repeated} repeated; resident {Resident(agent)} MB");
            Assert.Equal(sent.Order(), sent.Distinct().Order());
            Assert.Equal((sent.Length, sent.Length), (books.Jobs, books.Records));
            Assert.True(kills > 1 && restarts > 0);
            agent.Signal(15);
            Assert.Equal(0, agent.Wait().ExitCode);
            Assert.Contains("all as they were written", Programs.Run(Programs.Agent, 0, "journal", "verify", "--journal", folder["journal.db"]).Output, StringComparison.Ordinal);
        }
        finally
        {
            agent.Dispose();
        }
    }

    /// <summary>Long: killed every 2 to 4 minutes, the broker restarted every 1 to 3.</summary>
    private static TimeSpan Next(Random random, bool brief, bool kill) =>
        brief ? TimeSpan.FromSeconds(kill ? 4 + 2 * random.NextDouble() : 5 + 3 * random.NextDouble()) : TimeSpan.FromSeconds(kill ? 120 + random.Next(120) : 60 + random.Next(120));

    private static long Resident(RunningProgram agent)
    {
        using Process process = Process.GetProcessById(agent.Id);
        return process.WorkingSet64 / 1_000_000;
    }

    private void Say(string text)
    {
        report.AppendLine(text);
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        if (Environment.GetEnvironmentVariable("EDGE_SOAK_REPORT") is { } file) File.WriteAllText(file, report.ToString());
    }

    private string Configure(TempFolder folder, int port)
    {
        string stations = string.Join(",\n", Stations.Select((s, i) => $$"""
            "{{s}}": { "Source": { "Kind": "Synthetic", "Seed": {{i}} }, "Trigger": { "Mode": "Mqtt" }, "QueueCapacity": 8, "Model": "flange", "Threads": 1 }
            """));
        File.WriteAllText(folder["appsettings.json"], $$"""
            {
              "Edge": {
                "Line": "soak",
                "Models": "{{line.Models}}",
                "Http": { "Port": {{Ports.Free()}} },
                "Journal": { "Path": "{{folder["journal.db"]}}" },
                "Mqtt": { "Host": "127.0.0.1", "Port": {{port}} },
                "Stations": { {{stations}} }
              }
            }
            """);
        return folder["appsettings.json"];
    }
}
