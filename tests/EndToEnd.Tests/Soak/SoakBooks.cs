using System.Text.Json;
using Xunit;

namespace Edge.Tests.Soak;

/// <summary>What PLC and historian have heard, line by line as mosquitto_sub prints it.</summary>
internal sealed class SoakBooks(RunningProgram verdicts, RunningProgram records)
{
    private readonly HashSet<string> jobsWithVerdict = [], jobsWithRecord = [];
    private readonly Dictionary<string, List<(string Verdict, string? Reason)>> heard = [];
    private readonly Dictionary<string, long> lastOfStation = [];
    private readonly HashSet<long> seen = [];
    private int verdictsRead, recordsRead;
    private string? journal;

    public int Repeated { get; private set; }
    public int Historical { get; private set; }
    public int Records => jobsWithRecord.Count;
    public int Jobs => heard.Count;
    public int Messages => verdictsRead;

    /// <summary>Jobs that heard a verdict just before the agent was killed, and interrupted after it.</summary>
    public int Revoked => heard.Values.Count(v => v.Distinct().Count() == 2);

    public IEnumerable<(string What, int Count)> Outcomes => heard.Values.GroupBy(v => v[0].Reason ?? v[0].Verdict).OrderByDescending(g => g.Count()).Select(g => (g.Key, g.Count()));

    public bool HasAll(IReadOnlyCollection<string> jobs)
    {
        Read();
        return jobs.All(jobsWithVerdict.Contains) && jobs.All(jobsWithRecord.Contains);
    }

    public string Missing(IEnumerable<string> jobs) =>
        $"without verdict: {string.Join(' ', jobs.Where(j => !jobsWithVerdict.Contains(j)).Take(10))}; without record: {string.Join(' ', jobs.Where(j => !jobsWithRecord.Contains(j)).Take(10))}";

    /// <summary>Order and completeness are asserted record by record: one that is new follows the one before it of its station.</summary>
    public void Read()
    {
        foreach ((_, JsonElement verdict) in Lines(verdicts, ref verdictsRead))
        {
            string job = verdict.GetProperty("jobId").GetString()!;
            jobsWithVerdict.Add(job);
            if (!heard.TryGetValue(job, out List<(string, string?)>? all)) heard[job] = all = [];
            all.Add((verdict.GetProperty("verdict").GetString()!, verdict.GetProperty("reason").GetString()));
        }
        foreach ((string station, JsonElement message) in Lines(records, ref recordsRead))
        {
            journal ??= message.GetProperty("journal").GetString();
            Assert.Equal(journal, message.GetProperty("journal").GetString());
            if (message.GetProperty("historical").GetBoolean()) Historical++;
            long seq = message.GetProperty("seq").GetInt64(), last = lastOfStation.GetValueOrDefault(station);
            if (seq <= last)
            {
                Assert.Contains(seq, seen);
                Repeated++;
                continue;
            }
            Assert.True(message.GetProperty("previous").GetInt64() == last, $"{station}: after {last} came {seq}, before which there is {message.GetProperty("previous")}");
            lastOfStation[station] = seq;
            seen.Add(seq);
            if (message.GetProperty("kind").GetString() == "event")
            {
                Assert.Equal("model-running", message.GetProperty("record").GetProperty("event").GetString());   // after each start
                continue;
            }
            Assert.Equal("part", message.GetProperty("kind").GetString());
            Assert.True(jobsWithRecord.Add(message.GetProperty("record").GetProperty("jobId").GetString()!), "a job has two records");
        }
    }

    /// <summary>A job has one verdict, repeated or not; only a crash between verdict and disk may be followed by interrupted.</summary>
    public void CheckVerdicts() => Assert.All(heard.Values, all =>
    {
        (string, string?)[] different = [.. all.Distinct()];
        Assert.True(different.Length == 1 || (different.Length == 2 && different[1] == ("uninspected", "interrupted")), string.Join(' ', different));
    });

    private static IEnumerable<(string Station, JsonElement Message)> Lines(RunningProgram subscriber, ref int read)
    {
        string[] lines = subscriber.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] fresh = lines[read..];
        read = lines.Length;
        return fresh.Select(l => (l.Split('/', 4)[2], JsonDocument.Parse(l[l.IndexOf(' ', StringComparison.Ordinal)..]).RootElement.Clone()));
    }
}
