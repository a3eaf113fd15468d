using System.Text.Json.Nodes;
using Edge.Agent.Cli;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Agent.Journal;
using Edge.Journal;
using Edge.Scoring;
using Edge.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Edge.Tests.Journal;

/// <summary>Every verdict is written down once, and the journal's troubles are not the line's.</summary>
public sealed class JournalTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_plc_heard_is_what_the_journal_says()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.StationOptions.QueueCapacity = 2;
        foreach ((string name, byte brightness) in new (string, byte)[] { ("1", 40), ("2", 120) }) agent.AddPicture($"{name}.png", brightness);
        File.WriteAllBytes(Path.Combine(agent.Pictures, "3.png"), Pictures.Png(40)[..80]);
        await agent.StartWithModelAsync(TinyGraph.Write(work: 5));
        await plc.HearAsync("status", h => h["version"] == "1");
        for (int i = 0; i < 60; i++) await plc.TriggerAsync($"job {i}".Replace(' ', '-'));
        await agent.UntilAsync(() => agent.Station.Publisher.Published == 60, "every verdict is acknowledged");
        await agent.Host.StopAsync(Ct);

        using JournalFile journal = JournalFile.Open(agent["journal.db"]);
        JournalEntry[] entries = [.. journal.Newest(JournalKind.Part, "cam1", 1000)];
        string Members(JsonNode n) => string.Join(' ', ((string[])["jobId", "partId", "verdict", "reason", "score", "threshold", "model", "version", "recipe", "capturedAt", "frame"]).Select(m => $"{n[m]}"));
        Assert.Equal(
            broker.Received.Where(m => m.Topic.EndsWith("/verdict", StringComparison.Ordinal)).Select(m => Members(JsonNode.Parse(m.Payload)!)).Order(),
            entries.Select(e => Members(JsonNode.Parse(e.Record)!)).Order());
        Assert.All(entries, e => Assert.Equal(("line1", "cam1", e.At), ((string?)JsonNode.Parse(e.Record)!["line"], (string?)JsonNode.Parse(e.Record)!["station"], Milliseconds(JsonNode.Parse(e.Record)!["decidedAt"]!))));
        Assert.True(entries.Select(e => (string?)JsonNode.Parse(e.Record)!["verdict"]).Distinct().Count() > 2);
        JournalVerification verification = journal.Verify(cancellation: Ct);   // 60 parts, and that the model runs
        Assert.Equal((61, null), (verification.Entries, verification.BrokenAt));

        StringWriter output = new();
        Assert.Equal(0, await Run(output, "verify", "--journal", agent["journal.db"]));
        Assert.Contains($"61 entries, 1 to 61, all as they were written; last hash {verification.Head}", output.ToString(), StringComparison.Ordinal);
        output.GetStringBuilder().Clear();
        Assert.Equal(0, await Run(output, "show", "--journal", agent["journal.db"], "--id", "job-7"));
        Assert.Equal("job-7", (string?)JsonNode.Parse(output.ToString())!["record"]!["jobId"]);
    }

    private static DateTimeOffset Milliseconds(JsonNode at) => DateTimeOffset.FromUnixTimeMilliseconds(((DateTimeOffset)at).ToUnixTimeMilliseconds());

    private static Task<int> Run(TextWriter output, params string[] args) =>
        JournalCommand.Create().Parse(args).InvokeAsync(new() { EnableDefaultExceptionHandler = false, Output = output }, Ct);

    [Fact]
    public async Task A_result_after_the_deadline_is_written_down_as_late()
    {
        using TempFolder folder = new();
        using JournalWriter writer = new(new JournalOptions { Path = folder["journal.db"] }, "line1", TimeProvider.System, NullLogger.Instance);
        Ledger ledger = new(16, TimeProvider.System, (job, result) => writer.Offer("cam1", job, result));
        Job slow = ledger.Open("slow", null, null, null, TimeProvider.System.GetTimestamp());
        InspectionResult accepted = new() { Verdict = Verdict.Accept, Score = 12, DecidedAt = TimeProvider.System.GetTimestamp() };
        Assert.True(ledger.Close(slow, Reason.Deadline));
        Assert.False(ledger.Close(slow, accepted));
        Assert.False(ledger.Close(slow, Reason.Shutdown));   // nothing new about the part
        writer.Complete();
        await writer.RunAsync(Ct);

        using JournalFile journal = JournalFile.Open(folder["journal.db"]);
        Assert.Equal(
            [("part", "uninspected", "deadline"), ("late", "accept", null)],
            journal.After(0).Select(e => (e.Kind, (string?)JsonNode.Parse(e.Record)!["verdict"], (string?)JsonNode.Parse(e.Record)!["reason"])));
        Assert.Equal(1, ledger.Count(Verdict.Uninspected));
        Assert.Equal(0, ledger.Count(Verdict.Accept));
    }

    [Fact]
    public async Task A_full_disk_holds_up_no_verdict_and_loses_no_record()
    {
        using SmallDisk disk = new(256);
        File.WriteAllBytes(disk["ballast"], new byte[250 * 1024]);
        await using TestAgent agent = new();
        agent.Options.Journal.Path = disk["journal.db"];
        for (int i = 0; i < 20; i++) agent.AddPicture($"{i:00}.png", (byte)(20 + i));
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Ledger.Count(Verdict.Accept) == 20, "all parts are decided");
        await agent.UntilAsync(() => agent.Host.Journal!.Trouble is not null, "the disk is full");
        using HttpClient http = new();
        Assert.Contains("edge_journal_writable 0", await http.GetStringAsync(new Uri(agent.Host.Address, "metrics"), Ct), StringComparison.Ordinal);
        Assert.Contains(agent.Log, l => l.StartsWith("Error: the journal", StringComparison.Ordinal));

        File.Delete(disk["ballast"]);
        await agent.UntilAsync(() => agent.Host.Journal!.Written == 21, "there is room again");
        Assert.Contains("edge_journal_writable 1", await http.GetStringAsync(new Uri(agent.Host.Address, "metrics"), Ct), StringComparison.Ordinal);
        await agent.Host.StopAsync(Ct);
        using JournalFile journal = JournalFile.Open(disk["journal.db"]);
        Assert.Equal((21, null), (journal.Verify(cancellation: Ct).Entries, journal.Verify(cancellation: Ct).BrokenAt));
    }

    [Fact]
    public async Task A_damaged_journal_is_set_aside()
    {
        await using TestAgent agent = new();
        File.WriteAllText(agent["journal.db"], new string('x', 8192));
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Host.Journal!.Written == 2, "a new journal begins");
        Assert.Equal(new string('x', 8192), File.ReadAllText(Directory.EnumerateFiles(Path.GetDirectoryName(agent["journal.db"])!, "journal.db.damaged-*").Single()));
    }
}
