using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Edge.Agent.Web;
using Edge.Imaging;
using Edge.Scoring;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Web;

/// <summary>The page shows and changes nothing; nothing from elsewhere is loaded, and nobody else's site can read it.</summary>
public sealed partial class PageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_file_comes_with_a_strict_policy_and_names_no_other_host()
    {
        await using TestAgent agent = new();
        await agent.StartAsync();
        foreach (PageFile file in PageFile.All())
        {
            using HttpResponseMessage response = await agent.GetAsync(file.Path);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            string policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("same-origin", Assert.Single(response.Headers.GetValues("Cross-Origin-Resource-Policy")));
            string text = await response.Content.ReadAsStringAsync(Ct);
            Assert.Equal("", string.Join(' ', OtherHosts().Matches(text).Select(m => m.Value).Where(url => url != "http://www.w3.org/2000/svg")));
            Assert.DoesNotMatch(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text);
        }
        Assert.Contains(PageFile.All(), f => f.Path == "/");
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/api/stations")]
    [InlineData("/api/history")]
    [InlineData("/api/stations/cam1/picture")]
    public async Task Nothing_but_GET_is_answered(string path)
    {
        await using TestAgent agent = new();
        await agent.StartAsync();
        foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Patch])
        {
            using HttpResponseMessage response = await agent.SendAsync(method, path);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("attacker.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost.attacker.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("192.168.7.5:9464", HttpStatusCode.OK)]
    [InlineData("[::1]:9464", HttpStatusCode.OK)]
    [InlineData("Line3.Plant.example", HttpStatusCode.OK)]
    public async Task A_name_that_is_not_ours_gets_nothing(string host, HttpStatusCode expected)
    {
        await using TestAgent agent = new();
        agent.Options.Http.Hosts = "edge-box, line3.plant.example";
        await agent.StartAsync();
        foreach (string path in (string[])["/", "/api/stations"])
        {
            using HttpResponseMessage response = await agent.SendAsync(HttpMethod.Get, path, host);
            Assert.Equal(expected, response.StatusCode);
        }
        using HttpResponseMessage metrics = await agent.SendAsync(HttpMethod.Get, "/metrics", host);
        Assert.Equal(HttpStatusCode.OK, metrics.StatusCode);   // Prometheus may call us what it likes
    }

    [Fact]
    public async Task Without_the_page_there_are_only_metrics_and_health()
    {
        await using TestAgent agent = new();
        agent.Options.Http.Page = false;
        await agent.StartAsync();
        foreach (string path in (string[])["/", "/api/stations", "/api/verdicts"])
        {
            using HttpResponseMessage response = await agent.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    [Fact]
    public async Task Stations_are_shown_as_they_are()
    {
        await using TestAgent agent = new();
        foreach ((string name, byte brightness) in new (string, byte)[] { ("1", 40), ("2", 95), ("3", 120) }) agent.AddPicture($"{name}.png", brightness);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Publisher.Published == 3, "3 parts");
        (_, JsonNode json) = await agent.GetJsonAsync("/api/stations");
        JsonNode station = Assert.Single(json.AsArray())!;
        Assert.Equal(("cam1", null, "tiny", 1, "running", "none"), ((string)station["name"]!, (string?)station["notReady"], (string)station["model"]!, (int)station["version"]!, (string)station["modelState"]!, (string)station["broker"]!));
        Assert.Equal((3, 1, 1, 1), ((int)station["triggers"]!, (int)station["accepted"]!, (int)station["rejected"]!, (int)station["reviews"]!));
    }

    [Fact]
    public async Task Accepted_parts_are_drawn_only_while_somebody_looks()
    {
        await using TestAgent agent = new();
        await agent.StartWithModelAsync();
        agent.AddPicture("1.png", 40);
        await agent.UntilAsync(() => agent.Station.Ledger.Count(Verdict.Accept) == 1 && agent.Station.Queues.Pool.Count == agent.Station.Queues.Capacity - 1, "an accepted part, done with, and the camera waits with a frame for the next");
        Assert.Equal(0, agent.Station.Evidence.Count);
        Assert.Null(agent.Station.HeatmapLoop.Live);
        Assert.Null(await agent.BytesAsync("/api/stations/cam1/picture"));   // none yet; but from now on
        agent.AddPicture("2.png", 60);
        await agent.UntilAsync(() => agent.Station.HeatmapLoop.Live is not null, "a picture");
        ImageBuffer plain = new(), heatmap = new();
        ImageFile.Decode(await agent.BytesAsync("/api/stations/cam1/picture?heatmap=0"), "plain", plain);
        ImageFile.Decode(await agent.BytesAsync("/api/stations/cam1/picture?heatmap=1"), "heatmap", heatmap);
        Assert.Equal((32, 32, 32, 32), (plain.Width, plain.Height, heatmap.Width, heatmap.Height));
        Assert.All(plain.Pixels.ToArray(), p => Assert.InRange(p, 58, 62));   // a JPEG of an even gray
        Assert.NotEqual(plain.Pixels.ToArray(), heatmap.Pixels.ToArray());
        Assert.Equal((0, 0), (agent.Station.HeatmapLoop.Sent, agent.Station.HeatmapLoop.Offline));   // not a heatmap that MQTT was to have
    }

    [Theory]
    [InlineData("/api/stations/cam2/picture")]
    [InlineData("/api/stations/..%2fcam1/picture")]
    [InlineData("/..%2fappsettings.json")]
    [InlineData("/../../etc/passwd")]
    [InlineData("/page.css%00.html")]
    [InlineData("/api/pictures/..%2f..%2fetc%2fpasswd")]
    [InlineData("/api/pictures/99999999999999999999")]
    public async Task A_path_that_is_none_of_ours_finds_nothing(string path)
    {
        await using TestAgent agent = new();
        await agent.StartAsync();
        using HttpResponseMessage response = await agent.GetAsync(path);
        Assert.True(response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{response.StatusCode}");
    }

    [GeneratedRegex(@"(https?:)?//[\w.-]+\.[a-z]{2,}[^""'\s]*", RegexOptions.IgnoreCase)]
    private static partial Regex OtherHosts();
}
