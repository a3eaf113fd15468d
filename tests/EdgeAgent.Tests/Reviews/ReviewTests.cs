using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Edge.Agent.Configuration;
using Edge.Agent.Reviews;
using Edge.Tests.Support;
using Edge.Tests.Web;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Edge.Tests.Reviews;

/// <summary>What people say of parts, through the page: it is kept, the last word counts, and its picture lies where the trainer looks.</summary>
public sealed class ReviewTests
{
    private const string Token = "0123456789abcdef";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Accepted 40 and 50, review 95, rejected 120 and 200; pictures of the last three.</summary>
    private static async Task<TestAgent> FiveAsync()
    {
        TestAgent agent = new();
        agent.Options.Archive = new ArchiveOptions { Enabled = true, Path = agent["archive"], AcceptedShare = 0, NearThreshold = 0, MinFreeMegabytes = 0 };
        agent.Options.Reviews.Path = agent["reviews"];
        agent.Options.Http.TokenFile = agent["tokens"];
        File.WriteAllText(agent["tokens"], $"# line 1\nanna {Token}\n");
        foreach ((string name, byte brightness) in new (string, byte)[] { ("1", 40), ("2", 50), ("3", 95), ("4", 120), ("5", 200) }) agent.AddPicture($"{name}.png", brightness);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Host.Journal!.Written == 9, "5 parts, 3 pictures and that the model runs");
        return agent;
    }

    private static async Task<JsonNode[]> QueueAsync(TestAgent agent, string query = "") => [.. (await agent.GetJsonAsync($"/api/reviews/queue?{query}")).Json["parts"]!.AsArray().Select(p => p!)];

    private static string[] Kept(TestAgent agent) =>
        [.. new DirectoryInfo(agent["reviews"]).EnumerateFiles("*.png", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(agent["reviews"], f.DirectoryName!)).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Parts_with_pictures_wait_until_somebody_has_said_what_they_are()
    {
        await using TestAgent agent = await FiveAsync();
        JsonNode[] queue = await QueueAsync(agent);
        Assert.Equal(["5.png reject", "4.png reject", "3.png review"], queue.Select(p => $"{p["part"]!["record"]!["frame"]} {p["why"]}"));
        Assert.Equal(["3.png", "4.png", "5.png"], (await QueueAsync(agent, "order=uncertain")).Select(p => (string?)p["part"]!["record"]!["frame"]));
        long[] entries = [.. queue.Select(p => (long)p["part"]!["seq"]!)];

        (HttpStatusCode code, JsonNode said) = await agent.PostAsync("/api/reviews", $$"""{"entry":{{entries[0]}},"judgement":"anomalous","defect":"scratch","note":"<b>deep</b>"}""", Token);
        Assert.True(code == HttpStatusCode.OK, said.ToString());
        Assert.Equal(("anna", "confirmed", "scratch"), ((string?)said["by"], (string?)said["outcome"], (string?)said["defect"]));
        Assert.Equal("false-reject", (string?)(await agent.PostAsync("/api/reviews", $$"""{"entry":{{entries[1]}},"judgement":"normal"}""", Token)).Json["outcome"]);
        Assert.Equal(["3.png"], (await QueueAsync(agent)).Select(p => (string?)p["part"]!["record"]!["frame"]));
        Assert.Equal(["pictures/tiny/good", "pictures/tiny/scratch"], Kept(agent));
        string picture = Directory.GetFiles(agent["reviews/pictures/tiny/scratch"]).Single();
        Assert.Equal(Path.GetFileNameWithoutExtension(picture), Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(picture))));
        Assert.Equal("confirmed", (string?)(await agent.PartsAsync("verdict=reject"))[0]["review"]!["outcome"]);

        // The last word counts, and the picture goes with it; the archive may be gone meanwhile.
        Directory.Delete(agent["archive"], recursive: true);
        Assert.Equal("false-reject", (string?)(await agent.PostAsync("/api/reviews", $$"""{"entry":{{entries[0]}},"judgement":"normal"}""", Token)).Json["outcome"]);
        Assert.Equal(["pictures/tiny/good", "pictures/tiny/good"], Kept(agent));
        Assert.False(Directory.Exists(agent["reviews/pictures/tiny/scratch"]));
        await agent.PostAsync("/api/reviews", $$"""{"entry":{{entries[0]}},"judgement":"unusable"}""", Token);
        Assert.Equal(["aside/tiny", "pictures/tiny/good"], Kept(agent));
        await agent.PostAsync("/api/reviews", $$"""{"entry":{{entries[1]}},"judgement":"withdrawn"}""", Token);
        Assert.Equal(["aside/tiny", "aside/tiny"], Kept(agent));
        Assert.Equal(["4.png", "3.png"], (await QueueAsync(agent)).Select(p => (string?)p["part"]!["record"]!["frame"]));
        Assert.Equal(["5.png"], (await QueueAsync(agent, "reviewed=1")).Select(p => (string?)p["part"]!["record"]!["frame"]));
        Assert.Equal(["scratch"], (await agent.GetJsonAsync("/api/reviews/queue")).Json["defects"]!.AsArray().Select(d => (string?)d));

        // A part without a picture can be judged too.
        JsonNode accepted = (await agent.PartsAsync("verdict=accept"))[0];
        Assert.Equal(("miss", false), ((await agent.PostAsync("/api/reviews", $$"""{"entry":{{accepted["seq"]}},"judgement":"anomalous"}""", Token)).Json is var miss ? ((string?)miss["outcome"], (bool)miss["picture"]!) : default));
        using HttpClient http = new();
        Assert.Contains("edge_reviews_total{station=\"cam1\",verdict=\"accept\",judgement=\"anomalous\"} 1", await http.GetStringAsync(new Uri(agent.Host.Address, "metrics"), Ct), StringComparison.Ordinal);
        Assert.Equal([("accept", "anomalous", 1), ("reject", "unusable", 1)],
            (await agent.GetJsonAsync("/api/reviews/counts")).Json.AsArray().Select(c => ((string?)c!["verdict"], (string?)c["judgement"], (int)c["parts"]!)));
    }

    [Theory]
    [InlineData("""{"entry":1,"judgement":"normal"}""", "has no part 1")]   // an event
    [InlineData("""{"entry":999,"judgement":"normal"}""", "has no part 999")]
    [InlineData("""{"entry":2,"judgement":"normal","defect":"x"}""", "Only an anomalous part")]
    [InlineData("""{"entry":2,"judgement":"anomalous","defect":"good"}""", "kind of defect")]
    [InlineData("""{"entry":2,"judgement":"anomalous","defect":"../../etc"}""", "kind of defect")]
    [InlineData("""{"entry":2,"judgement":"anomalous","defect":"a\nb"}""", "kind of defect")]
    public async Task What_can_not_be_said_changes_nothing(string body, string why)
    {
        await using TestAgent agent = await FiveAsync();
        (HttpStatusCode code, JsonNode json) = await agent.PostAsync("/api/reviews", body, Token);
        Assert.Equal(HttpStatusCode.Conflict, code);
        Assert.Contains(why, (string?)json["error"], StringComparison.Ordinal);
        Assert.Empty(agent.Host.Reviews.Read(r => r.Newest(10), []));
    }

    [Fact]
    public async Task A_damaged_picture_is_not_learnt_from()
    {
        await using TestAgent agent = await FiveAsync();
        string file = Directory.GetFiles(agent["archive"], "*_reject_*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
        byte[] png = File.ReadAllBytes(file);
        File.WriteAllBytes(file, [.. png[..^20], (byte)(png[^20] ^ 1), .. png[^19..]]);
        JsonNode part = (await QueueAsync(agent))[0]["part"]!;
        Assert.Null(await agent.BytesAsync($"/api/pictures/{part["image"]}"));
        Assert.Null(await agent.BytesAsync($"/api/pictures/{part["image"]}?small=1"));
        Assert.False((bool)(await agent.PostAsync("/api/reviews", $$"""{"entry":{{part["seq"]}},"judgement":"anomalous"}""", Token)).Json["picture"]!);
        Assert.Empty(Kept(agent));
    }

    [Fact]
    public void Opinions_are_only_added_and_a_stop_between_word_and_picture_is_mended()
    {
        using TempFolder folder = new();
        ReviewPictures pictures = new(folder.Path);
        byte[] png = Pictures.Png(7);
        string sha = Convert.ToHexStringLower(SHA256.HashData(png));
        Review review = new(0, DateTimeOffset.UnixEpoch, "anna", "j", 5, "cam1", "job", null, "reject", 1, 2, "tiny", 1, Judgement.Anomalous, "dent", null, sha);
        using (ReviewFile file = ReviewFile.OpenForWriting(folder.Path))
        {
            pictures.Keep("tiny", sha, png);
            Assert.Equal(1, file.Append(review).Id);   // and here the machine stops
        }
        using (SqliteConnection direct = new($"Data Source={folder["reviews.db"]};Pooling=False"))
        {
            direct.Open();
            foreach (string sql in (string[])["UPDATE reviews SET judgement = 'normal'", "DELETE FROM reviews"])
            {
                using SqliteCommand command = new(sql, direct);
                Assert.Contains("reviews are never", Assert.Throws<SqliteException>(() => command.ExecuteNonQuery()).Message, StringComparison.Ordinal);
            }
        }
        Assert.Equal(folder[$"aside/tiny/{sha}.png"], pictures.Find("tiny", sha));
        using (ReviewBook book = new(new ReviewOptions { Path = folder.Path }, folder["none.db"], folder["none"], TimeProvider.System)) Assert.Single(book.Read(r => r.Newest(9), []));
        Assert.Equal(folder[$"pictures/tiny/dent/{sha}.png"], pictures.Find("tiny", sha));

        // The copy for another machine follows.
        string target = folder["out"];
        Assert.StartsWith("1 pictures copied, 0 were there", ReviewExport.Run(folder.Path, "tiny", target, Ct), StringComparison.Ordinal);
        Assert.StartsWith("0 pictures copied, 1 were there", ReviewExport.Run(folder.Path, "tiny", target, Ct), StringComparison.Ordinal);
        using (ReviewFile file = ReviewFile.OpenForWriting(folder.Path)) file.Append(review with { Judgement = Judgement.Normal, Defect = null });
        Assert.StartsWith("1 pictures copied, 0 were there, 1 removed", ReviewExport.Run(folder.Path, "tiny", target, Ct), StringComparison.Ordinal);
        Assert.Equal([Path.Combine(target, "good", sha + ".png")], Directory.GetFiles(target, "*", SearchOption.AllDirectories));
    }
}
