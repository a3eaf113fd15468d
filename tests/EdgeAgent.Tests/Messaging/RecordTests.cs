using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Edge.Agent.Configuration;
using Edge.Agent.Journal;
using Edge.Journal;
using Edge.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Edge.Tests.Messaging;

/// <summary>What the journal has, a historian gets: in order, over outages, and it can tell what it has twice or not at all.</summary>
public sealed class RecordTests
{
    private static readonly DateTimeOffset Long = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Received(string Station, string Journal, long Seq, long Previous, bool Historical, string Kind, string Record)
    {
        public string? JobId => (string?)JsonNode.Parse(Record)!["jobId"];
    }

    private static IEnumerable<Received> Records(IEnumerable<(string Topic, byte[] Payload)> messages) =>
        messages.Where(m => m.Topic.EndsWith("/record", StringComparison.Ordinal)).Select(m => Parse(m.Topic, m.Payload));

    private static Received Parse(string topic, byte[] payload)
    {
        string text = Encoding.UTF8.GetString(payload);
        JsonNode json = JsonNode.Parse(text)!;
        string record = text[(text.IndexOf("\"record\":", StringComparison.Ordinal) + 9)..^1];
        Assert.Equal(record, json["record"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        return new Received(topic.Split('/')[2], (string)json["journal"]!, (long)json["seq"]!, (long)json["previous"]!, (bool)json["historical"]!, (string)json["kind"]!, record);
    }

    /// <summary>Each one once, in the order of their first arrival; none may be missing or come before its turn.</summary>
    private static List<Received> InOrder(IEnumerable<Received> received)
    {
        List<Received> kept = [];
        foreach (Received r in received)
        {
            if (kept.Any(k => k.Seq == r.Seq)) continue;
            Assert.Equal(kept.Count == 0 ? 0 : kept[^1].Seq, r.Previous);
            kept.Add(r);
        }
        return kept;
    }

    [Fact]
    public async Task Records_wait_for_a_historian_and_come_in_order_over_restarts_of_broker_and_agent()
    {
        using TempFolder folder = new();
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using (TestAgent agent = new(broker))
        {
            agent.Options.Journal.Path = folder["journal.db"];
            agent.StationOptions.Trigger.Mode = TriggerMode.FreeRunning;
            for (int i = 0; i < 30; i++) agent.AddPicture($"{i:00}.png", (byte)(20 + 5 * i));
            await agent.StartWithModelAsync();
            await agent.UntilAsync(() => agent.Station.Publisher.Published == 30 && agent.Log.Any(l => l.Contains("nobody is subscribed", StringComparison.Ordinal)), "30 verdicts, and records that wait");
            Assert.Equal(0, agent.Station.Records!.Sent);
            await using (Plc historian = await Plc.ConnectAsync(broker))
            {
                await agent.UntilAsync(() => agent.Station.Records.Sent == 31, "30 records, and that the model runs");
                await historian.UntilAsync(() => historian.All("record").Select(h => h["seq"]).Distinct().Count() == 31, "as many messages");
                Assert.All(historian.All("record"), h => Assert.Equal("false", h["historical"]));
            }

            await broker.StopAsync();
            for (int i = 30; i < 40; i++) agent.AddPicture($"{i:00}.png", 40);
            await agent.UntilAsync(() => agent.Host.Journal!.Written == 41, "parts go on without a broker");
            using HttpClient http = new();
            await agent.UntilAsync(() => agent.Station.Records.Backlog == 10 && agent.Station.Records.OldestAge > TimeSpan.Zero, "records wait");
            Assert.Contains("edge_records_backlog{station=\"cam1\"} 10", await http.GetStringAsync(new Uri(agent.Host.Address, "metrics"), Ct), StringComparison.Ordinal);
            await broker.StartAsync();
            await using (Plc historian = await Plc.ConnectAsync(broker))
                await historian.UntilAsync(() => historian.All("record").Select(h => h["seq"]).Distinct().Count() == 10, "10 more");
            await agent.UntilAsync(() => agent.Station.Records is { Sent: 41, Backlog: 0 } && agent.Station.Records.OldestAge == TimeSpan.Zero, "nothing waits");
            await broker.StopAsync();
            agent.AddPicture("40.png", 40);
            await agent.UntilAsync(() => agent.Host.Journal!.Written == 42, "one more without a broker");
        }
        await broker.StartAsync();
        await using Plc late = await Plc.ConnectAsync(broker);
        await using (TestAgent agent = new(broker))
        {
            agent.Options.Journal.Path = folder["journal.db"];
            await agent.StartWithModelAsync();
            await late.HearAsync("record", h => h["seq"] == "43");
            await agent.UntilAsync(() => agent.Station.Records!.Sent == 2, "what was sent before is not sent again");
        }

        List<Received> all = InOrder(Records(broker.Received));
        using JournalFile journal = JournalFile.Open(folder["journal.db"]);
        Assert.Equal(journal.After(0).Select(e => (e.Seq, e.Kind, e.Record)), all.Select(r => (r.Seq, r.Kind, r.Record)));
        Assert.Equal(43, all.Count);
        Assert.Equal([.. Enumerable.Repeat(false, 31), .. Enumerable.Repeat(true, 11)], all.Take(42).Select(r => r.Historical));
    }

    [Fact]
    public async Task A_historian_can_check_the_chain_of_all_stations()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc historian = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Trigger.Mode = TriggerMode.FreeRunning;
        Directory.CreateDirectory(agent["pictures2"]);
        agent.Options.Stations["cam2"] = new StationOptions { Model = TestModels.Name, Threads = 1, Source = { Path = agent["pictures2"] } };
        for (int i = 0; i < 20; i++)
        {
            agent.AddPicture($"{i:00} ü.png", 40);
            Pictures.Write(agent[$"pictures2/{i:00}.png"], 150);
        }
        await agent.StartWithModelAsync();
        await historian.UntilAsync(() => historian.All("record").Select(h => h["seq"]).Distinct().Count() == 42, "40 parts, and two models that run");

        byte[] hash = new byte[32];
        Dictionary<string, long> before = new() { ["cam1"] = 0, ["cam2"] = 0 };
        long expected = 0;
        foreach (Heard h in historian.All("record").DistinctBy(h => h["seq"]).OrderBy(h => (long)h.Json["seq"]!))
        {
            Received r = Parse(h.Topic, h.Payload);
            Assert.Equal((++expected, before[r.Station]), (r.Seq, r.Previous));
            before[r.Station] = r.Seq;
            byte[] numbers = new byte[16];
            BinaryPrimitives.WriteInt64BigEndian(numbers, r.Seq);
            BinaryPrimitives.WriteInt64BigEndian(numbers.AsSpan(8), (long)h.Json["atMs"]!);
            hash = SHA256.HashData([.. hash, .. numbers, .. Encoding.UTF8.GetBytes($"{r.Station}\0{r.Kind}\0{r.Record}")]);
            Assert.Equal(Convert.ToHexStringLower(hash), h["hash"]);
        }
    }

    [Fact]
    public async Task What_is_removed_before_it_was_sent_is_counted_and_told()
    {
        using TempFolder folder = new();
        using (JournalFile old = JournalFile.OpenForWriting(folder["journal.db"]))
        {
            old.Append([.. Enumerable.Range(1, 12).Select(i => new JournalRecord(i % 2 == 0 ? "cam1" : "gone", JournalKind.Part, Long, $$"""{"jobId":"old-{{i}}"}"""))], new Dictionary<string, long> { ["cam1"] = 4 });
            old.Append([new JournalRecord("cam1", JournalKind.Part, DateTimeOffset.UtcNow, """{"jobId":"new"}""")]);
        }
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using TestAgent agent = new(broker);
        (agent.Options.Journal.Path, agent.Options.Journal.KeepDays) = (folder["journal.db"], 30);
        await agent.StartAsync();
        await agent.UntilAsync(() => agent.Station.RecordsLost == 4, "6, 8, 10 and 12 are removed");
        await using Plc historian = await Plc.ConnectAsync(broker);
        await historian.HearAsync("record", h => h["kind"] == "event");
        Received[] got = [.. historian.All("record").Select(h => Parse(h.Topic, h.Payload)).DistinctBy(r => r.Seq)];
        Assert.Equal([(13, 12, "part"), (14, 13, "event")], got.Select(r => (r.Seq, r.Previous, r.Kind)));   // the last it has is 4, and before 13 there was 12
        Assert.Equal("""{"event":"records-removed-unsent","count":4}""", got[1].Record);
        using HttpClient http = new();
        Assert.Contains("edge_records_lost_total{station=\"cam1\"} 4", await http.GetStringAsync(new Uri(agent.Host.Address, "metrics"), Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_journal_has_another_name_and_its_numbers_begin_anew()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc historian = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        File.WriteAllText(agent["journal.db"], new string('x', 8192));
        agent.StationOptions.Trigger.Mode = TriggerMode.FreeRunning;
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await historian.HearAsync("record");
        using JournalFile journal = JournalFile.Open(agent["journal.db"]);
        Received[] got = [.. Records(broker.Received).DistinctBy(r => r.Seq)];   // that a model runs is a record beside the part's
        Assert.Equal(1, got[0].Seq);
        Assert.All(got, r => Assert.Equal(journal.Id, r.Journal));
        Assert.Matches("^[0-9a-f]{16}$", journal.Id);
        using TempFolder folder = new();
        using JournalFile other = JournalFile.OpenForWriting(folder["journal.db"]);
        Assert.NotEqual(journal.Id, other.Id);
    }

    [Fact]
    public async Task How_far_it_was_sent_is_on_the_disk_even_when_nothing_more_is_written()
    {
        using TempFolder folder = new();
        using (JournalFile journal = JournalFile.OpenForWriting(folder["journal.db"])) journal.Append([new JournalRecord("cam1", JournalKind.Part, Long, "{}")]);
        FakeTimeProvider time = new(Long);
        using JournalWriter writer = new(new JournalOptions { Path = folder["journal.db"] }, "line1", time, NullLogger.Instance);
        using CancellationTokenSource kill = new();
        Task running = Task.Run(() => writer.RunAsync(kill.Token), Ct);
        using StationJournal station = new(writer, "cam1");
        while (station.Next(1).Count == 0) await Task.Yield();
        station.MarkSent(1);
        using JournalFile reader = JournalFile.Open(folder["journal.db"]);
        while (reader.Sent("cam1") != 1)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
            Ct.ThrowIfCancellationRequested();
        }
        await kill.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }
}
