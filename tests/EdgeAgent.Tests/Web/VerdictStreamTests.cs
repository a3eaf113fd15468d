using System.Net;
using System.Text.Json.Nodes;
using Edge.Agent.Inspection;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Web;

/// <summary>Verdicts reach the page; a page that is slow misses some and knows how many.</summary>
public sealed class VerdictStreamTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Job NewJob(int n) => new($"{n}", null, null, null, 0);

    [Fact]
    public async Task Verdicts_arrive_as_events_and_hostile_ids_stay_inside_their_line()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        foreach (int n in Enumerable.Range(0, 3)) agent.AddPicture($"{n}.png", 200);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["version"] == "1");
        using HttpResponseMessage response = await agent.GetAsync("/api/verdicts");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using StreamReader events = new(await response.Content.ReadAsStreamAsync(Ct));
        (string name, JsonNode stations) = await NextAsync(events);
        Assert.Equal(("stations", "cam1"), (name, (string)stations[0]!["name"]!));

        const string Hostile = "</script><img src=x onerror=alert(1)> event: stations data: [] \u2028 ' OR 1=1 --";
        await plc.TriggerAsync("job-1", $""","partId":"{Hostile}" """);
        JsonNode verdict = await NextVerdictAsync(events);
        Assert.Equal(("job-1", Hostile, "reject", "cam1"), ((string)verdict["jobId"]!, (string)verdict["partId"]!, (string)verdict["verdict"]!, (string)verdict["station"]!));
        await plc.TriggerAsync("job-2");
        Assert.Equal("job-2", (string)(await NextVerdictAsync(events))["jobId"]!);
        await agent.Host.StopAsync(Ct);
        while (await events.ReadLineAsync(Ct) is not null) { }   // ends with the agent
    }

    [Fact]
    public async Task More_pages_than_allowed_are_turned_away_and_one_that_leaves_makes_room()
    {
        await using TestAgent agent = new();
        await agent.StartAsync();
        HttpResponseMessage[] open = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => agent.GetAsync("/api/verdicts")));
        Assert.All(open, r => Assert.Equal(HttpStatusCode.OK, r.StatusCode));
        using (HttpResponseMessage refused = await agent.GetAsync("/api/verdicts")) Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        foreach (HttpResponseMessage response in open) response.Dispose();
        while (true)
        {
            using HttpResponseMessage again = await agent.GetAsync("/api/verdicts");
            if (again.StatusCode == HttpStatusCode.OK) break;
        }
    }

    [Fact]
    public void A_reader_that_is_too_slow_knows_what_it_missed()
    {
        RecentJobs recent = new();
        long after = 0, missed = 0;
        Assert.Null(recent.Next(ref after, ref missed));
        for (int n = 1; n <= 1000; n++) recent.Add(NewJob(n));
        List<string> read = [];
        while (recent.Next(ref after, ref missed) is { } job) read.Add(job.Id);
        Assert.Equal(Enumerable.Range(1000 - RecentJobs.Kept + 1, RecentJobs.Kept).Select(n => $"{n}"), read);
        Assert.Equal((1000 - RecentJobs.Kept, 1000), (missed, after));
    }

    [Fact]
    public async Task Read_and_missed_are_all_there_were_while_others_write()
    {
        const int Writers = 3, Each = 100_000;
        RecentJobs recent = new();
        Task writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(() => { for (int n = 0; n < Each; n++) recent.Add(NewJob(n)); }, Ct)));
        long after = 0, missed = 0, read = 0, last = 0;
        while (after < Writers * Each)
        {
            if (recent.Next(ref after, ref missed) is not { } job) continue;
            Assert.True(job.Number > last, $"{job.Number} after {last}");
            last = job.Number;
            read++;
        }
        await writing;
        Assert.Equal(Writers * Each, read + missed);
    }

    [Fact]
    public void Adding_takes_no_memory()
    {
        RecentJobs recent = new();
        Job job = NewJob(1);
        recent.Add(job);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int n = 0; n < 1000; n++) recent.Add(job);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static async Task<JsonNode> NextVerdictAsync(StreamReader events)
    {
        while (true)
            if (await NextAsync(events) is ("verdict", { } data)) return data;
    }

    private static async Task<(string Name, JsonNode Data)> NextAsync(StreamReader events)
    {
        string name = (await events.ReadLineAsync(Ct))!, data = (await events.ReadLineAsync(Ct))!;
        Assert.Equal("", await events.ReadLineAsync(Ct));
        Assert.StartsWith("event: ", name, StringComparison.Ordinal);
        Assert.StartsWith("data: ", data, StringComparison.Ordinal);
        return (name["event: ".Length..], JsonNode.Parse(data["data: ".Length..])!);
    }
}
