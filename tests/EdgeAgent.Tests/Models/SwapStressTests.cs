using System.Globalization;
using System.Text.Json.Nodes;
using Edge.Agent.Configuration;
using Edge.Journal;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Models;

/// <summary>Swaps while parts come as fast as they are inspected. EDGE_SWAPS=1000 is the long form.</summary>
public sealed class SwapStressTests
{
    private const int Versions = 3;
    private static readonly int Swaps = int.Parse(Environment.GetEnvironmentVariable("EDGE_SWAPS") ?? "150", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Swaps_at_full_rate_cost_no_part_its_verdict_and_every_score_is_its_versions()
    {
        await using TestAgent agent = new();
        agent.StationOptions.Trigger.Mode = TriggerMode.FreeRunning;
        agent.StationOptions.Source.Loop = true;
        agent.StationOptions.Drift.Enabled = false;   // versions' scores differ on purpose
        agent.AddPicture("1.png", 40);
        TestModels.Publish(agent.Models, Graph(1));
        for (int version = 2; version <= Versions; version++) TestModels.Publish(agent.Models, Graph(version), setCurrent: false);
        Package shadow = TestModels.Publish(agent.Models, Graph(Versions + 1), setCurrent: false);
        new PackageStore(agent.Models).SetShadow(TestModels.Name, shadow.Manifest.Version);   // beside all of them
        await agent.StartAsync();
        await agent.UntilAsync(() => agent.Station.Shadow.Books.Seen(Verdict.Accept, Verdict.Accept) > 0, "a part of the first version, which the shadow has seen");

        double settled = 0;
        for (int i = 1; i <= Swaps; i++)
        {
            if (i == Swaps / 5) settled = Resident();
            agent.Station.Watcher.Activate(1 + i % Versions, "stress", null);
            await agent.UntilAsync(() => agent.Station.Inspector.Swaps == i + 1, "the swap");
            long done = agent.Station.Ledger.Count(Verdict.Accept);
            await agent.UntilAsync(() => agent.Station.Ledger.Count(Verdict.Accept) > done + 1, "a part after it");
        }
        double end = Resident();
        await agent.Host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal((0L, Versions + 1), (agent.Station.Shadow.Refusals, agent.Station.Shadow.Report!.Pair.Candidate));
        Assert.Equal((0, 0, 0, 0), (agent.Host.Journal!.Lost, agent.Station.Ledger.Awaiting, agent.Station.Watcher.Withdrawals, agent.Station.Watcher.Refusals));
        using JournalFile journal = JournalFile.Open(agent["journal.db"]);
        List<(DateTimeOffset At, int Version, double Infer)> inspected = [];
        long shutdown = 0, swaps = 0;
        foreach (JournalEntry entry in journal.After(0))
        {
            JsonNode record = JsonNode.Parse(entry.Record)!;
            if (entry.Kind == JournalKind.Event) swaps += (string?)record["event"] == "model-running" ? 1 : 0;
            else if ((string?)record["reason"] == "shutdown") shutdown++;
            else
            {
                int version = (int)record["version"]!;
                Assert.Equal(("accept", Score(version)), ((string?)record["verdict"], (float)record["score"]!));
                inspected.Add(((DateTimeOffset)record["decidedAt"]!, version, (double)record["latencyMs"]!["infer"]!));
            }
        }
        Assert.Equal((agent.Station.Ledger.Triggers, Swaps + 1), (inspected.Count + shutdown, swaps));
        Assert.InRange(shutdown, 0, agent.StationOptions.QueueCapacity + 1);
        Assert.Equal(Swaps, inspected.Zip(inspected.Skip(1)).Count(p => p.First.Version != p.Second.Version));   // no part of an old version after a new one

        double infer = inspected.Select(p => p.Infer).Order().ElementAt(inspected.Count / 2);
        List<(double Gap, bool Swap)> gaps = [.. inspected.Zip(inspected.Skip(1), (a, b) => ((b.At - a.At).TotalMilliseconds, a.Version != b.Version))];
        double Typical(bool swap) => gaps.Where(g => g.Swap == swap).Select(g => g.Gap).Order().ElementAt(gaps.Count(g => g.Swap == swap) / 2);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Swaps} swaps, {inspected.Count} parts; an inference {infer:F2} ms; between two verdicts {Typical(false):F2} ms, at a swap {Typical(true):F2} ms, longest {gaps.Where(g => g.Swap).Max(g => g.Gap) / infer:F1} inferences at a swap, {gaps.Where(g => !g.Swap).Max(g => g.Gap) / infer:F1} elsewhere; resident {settled:F0} MiB after {Swaps / 5} swaps, {end:F0} at the end"));
        Assert.InRange(end - settled, double.NegativeInfinity, Swaps * 4 / 5);   // a session that stays is 2 MiB: half of what a leak would show, as other tests' garbage is in it too
    }

    private static byte[] Graph(int version) => TinyGraph.Write(bias: 10 * version, work: 4);

    private static float Score(int version) => 40 + 10 * version;

    private static double Resident()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return double.Parse(
            File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmRSS", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
