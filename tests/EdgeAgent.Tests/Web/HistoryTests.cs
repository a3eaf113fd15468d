using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Edge.Agent.Archive;
using Edge.Agent.Configuration;
using Edge.Imaging;
using Edge.Journal;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Web;

/// <summary>What was decided is found again, with its picture; a request never reaches a file that is no picture of the archive.</summary>
public sealed class HistoryTests
{
    private const string Hostile = """<b onclick=x>%' OR '1'='1""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<TestAgent> FiveAsync(string archive = "archive")
    {
        TestAgent agent = new();
        agent.Options.Archive = new ArchiveOptions { Enabled = true, Path = agent[archive], AcceptedShare = 0, NearThreshold = 0, MinFreeMegabytes = 0 };
        foreach ((string name, byte brightness) in new (string, byte)[] { ("1", 40), ("2", 50), ("3", 95), ("4", 120), ("5", 200) }) agent.AddPicture($"{name}.png", brightness);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Host.Journal!.Written == 9, "5 parts, 3 pictures and that the model runs");
        return agent;
    }

    [Fact]
    public async Task Parts_are_found_newest_first_by_verdict_station_time_and_id()
    {
        await using TestAgent agent = await FiveAsync();
        JsonNode[] all = await agent.PartsAsync("");
        Assert.Equal(["5.png", "4.png", "3.png", "2.png", "1.png"], all.Select(p => (string)p["record"]!["frame"]!));
        Assert.Equal(["5.png", "4.png"], (await agent.PartsAsync("verdict=reject")).Select(p => (string)p["record"]!["frame"]!));
        string job = (string)all[2]["record"]!["jobId"]!;
        Assert.Equal(job, (string)Assert.Single(await agent.PartsAsync($"id={Uri.EscapeDataString(job)}"))["record"]!["jobId"]!);
        Assert.Empty(await agent.PartsAsync("station=cam2"));
        Assert.Equal(5, (await agent.PartsAsync("station=cam1&from=2020-01-01")).Length);
        Assert.Empty(await agent.PartsAsync("to=2020-01-01T00:00Z"));
        Assert.Empty(await agent.PartsAsync($"id={Uri.EscapeDataString(Hostile)}"));
        (_, JsonNode first) = await agent.GetJsonAsync("/api/history?limit=2");
        Assert.Equal(["3.png", "2.png"], (await agent.PartsAsync($"limit=2&before={first["next"]}")).Select(p => (string)p["record"]!["frame"]!));
    }

    [Theory]
    [InlineData("from=yesterday")]
    [InlineData("before=-1")]
    [InlineData("limit=0")]
    [InlineData("limit=101")]
    [InlineData("limit=many")]
    public async Task What_can_not_be_understood_is_refused(string query)
    {
        await using TestAgent agent = new();
        await agent.StartAsync();
        Assert.Equal(HttpStatusCode.BadRequest, (await agent.GetJsonAsync($"/api/history?{query}")).Code);
    }

    [Fact]
    public async Task Without_a_journal_it_says_so()
    {
        await using TestAgent agent = new();
        agent.Options.Journal.Enabled = false;
        await agent.StartAsync();
        (HttpStatusCode code, JsonNode json) = await agent.GetJsonAsync("/api/history");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Contains("Edge:Journal:Enabled", (string)json["error"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("archive")]
    [InlineData("archive/")]
    public async Task Pictures_are_the_archives_whole_or_small(string archive)
    {
        await using TestAgent agent = await FiveAsync(archive);
        JsonNode[] parts = await agent.PartsAsync("");
        Assert.Equal([true, true, true, false, false], parts.Select(p => p["image"] is not null));
        byte[] png = (await agent.BytesAsync($"/api/pictures/{parts[0]["image"]}"))!;
        Assert.Equal(File.ReadAllBytes(Directory.GetFiles(agent["archive"], "*_reject_*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last()), png);
        ImageBuffer small = new();
        ImageFile.Decode(await agent.BytesAsync($"/api/pictures/{parts[0]["image"]}?small=1"), "small", small);
        Assert.Equal((64, 64), (small.Width, small.Height));
        Assert.Null(await agent.BytesAsync($"/api/pictures/{parts[0]["seq"]}"));   // an entry, but not of a picture
        foreach (string file in Directory.GetFiles(agent["archive"], "*.png", SearchOption.AllDirectories)) File.Delete(file);
        Assert.Null(await agent.BytesAsync($"/api/pictures/{parts[0]["image"]}"));
    }

    [Fact]
    public async Task An_entry_that_names_another_file_shows_nothing()
    {
        await using TestAgent agent = await FiveAsync();
        string outside = agent["secret.png"];
        File.WriteAllBytes(outside, Pictures.Png(1));
        File.CreateSymbolicLink(agent["archive/link.png"], outside);
        Directory.CreateSymbolicLink(agent["archive/folder"], agent["."]);
        Directory.CreateDirectory(agent["archive2"]);
        File.WriteAllBytes(agent["archive2/1.png"], Pictures.Png(1));
        File.WriteAllBytes(agent["archive/text.txt"], Pictures.Png(1));
        string[] hostile = ["../secret.png", outside, "link.png", "folder/secret.png", "../archive2/1.png", "text.txt", "", "2026-11-23/../../secret.png"];
        foreach (string file in hostile)
            agent.Host.Journal!.Offer("cam1", JournalKind.Image, JsonSerializer.Serialize(new ImageRecord("x", null, file, "reject", 1, 1, 1, ""), ArchiveJson.Default.ImageRecord));
        await agent.UntilAsync(() => agent.Host.Journal!.Written == 9 + hostile.Length, "written");
        for (int n = 0; n < hostile.Length; n++) Assert.Null(await agent.BytesAsync($"/api/pictures/{10 + n}"));
        Assert.NotNull(await agent.BytesAsync($"/api/pictures/{(await agent.PartsAsync("verdict=review"))[0]["image"]}"));
    }

    [Fact]
    public async Task A_picture_that_is_damaged_or_an_entry_that_is_none_is_not_there()
    {
        await using TestAgent agent = await FiveAsync();
        JsonNode[] parts = await agent.PartsAsync("");
        File.WriteAllBytes(agent["archive/odd.png"], [1, 2, 3]);
        ImageRecord odd = new("5.png", null, "odd.png", "reject", 1, 1, 3, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([1, 2, 3])));
        string[] records = [JsonSerializer.Serialize(odd, ArchiveJson.Default.ImageRecord), """{"jobId":5,"file":5,"why":5}""", "{}", "[]"];
        foreach (string record in records) agent.Host.Journal!.Offer("cam1", JournalKind.Image, record);
        await agent.UntilAsync(() => agent.Host.Journal!.Written == 9 + records.Length, "written");
        foreach (string file in Directory.GetFiles(agent["archive"], "*_reject_*.png", SearchOption.AllDirectories)) File.WriteAllBytes(file, File.ReadAllBytes(file)[..^20]);
        foreach (string path in (string[])[$"{parts[0]["image"]}", $"{parts[0]["image"]}?small=1", "10?small=1", "11", "12", "13"])
        {
            (HttpStatusCode code, JsonNode json) = await agent.GetJsonAsync($"/api/pictures/{path}");
            Assert.Equal((HttpStatusCode.NotFound, true), (code, ((string)json["error"]!).StartsWith("The archive", StringComparison.Ordinal)));
        }
        Assert.Equal(HttpStatusCode.OK, (await agent.GetJsonAsync("/api/reviews/queue")).Code);
        Assert.Equal(5, (await agent.PartsAsync("")).Length);
    }

    [Fact]
    public void A_search_stops_after_its_span_and_goes_on_from_there()
    {
        using TempFolder folder = new();
        using JournalFile journal = JournalFile.OpenForWriting(folder["journal.db"]);
        journal.Append(Enumerable.Range(1, 100).Select(n => new JournalRecord("cam1", JournalKind.Part, DateTimeOffset.UnixEpoch.AddSeconds(n), $$"""{"jobId":"{{n}}","verdict":"{{(n == 5 ? "reject" : "accept")}}"}""")));
        JournalQuery query = new(Verdict: "reject");
        (IReadOnlyList<JournalEntry> parts, long? next) = journal.Search(query, span: 60);
        Assert.Equal((0, 41), (parts.Count, next));
        (parts, next) = journal.Search(query with { Before = next }, span: 60);
        Assert.Equal((5, null), (Assert.Single(parts).Seq, next));
        Assert.Equal([30, 29], journal.Search(new JournalQuery(From: DateTimeOffset.UnixEpoch.AddSeconds(20), To: DateTimeOffset.UnixEpoch.AddSeconds(30), Limit: 2)).Parts.Select(p => p.Seq));
    }

    [Fact]
    public void A_part_without_a_picture_does_not_get_that_of_a_later_part_with_its_id()
    {
        using TempFolder folder = new();
        using JournalFile journal = JournalFile.OpenForWriting(folder["journal.db"]);
        string[] kinds = [JournalKind.Part, JournalKind.Part, JournalKind.Image, JournalKind.Part, JournalKind.Image, JournalKind.Part];
        journal.Append(kinds.Select(kind => new JournalRecord("cam1", kind, DateTimeOffset.UnixEpoch, """{"jobId":"again"}""")));
        Assert.Equal([null, 3, 5, null], new long[] { 1, 2, 4, 6 }.Select(part => journal.ImageOf("cam1", "again", part)));
        Assert.Null(journal.ImageOf("cam2", "again", 2));
    }
}
