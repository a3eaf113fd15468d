using System.Net;
using System.Text.Json.Nodes;
using Edge.Agent.Configuration;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Web;

/// <summary>Reading needs nothing; a change needs a name, and must come from the page itself.</summary>
public sealed class AccessTests
{
    private const string Token = "0123456789abcdef", Change = """{"entry":999,"judgement":"normal"}""";

    private static async Task<TestAgent> StartAsync(Action<TestAgent>? configure = null)
    {
        TestAgent agent = new();
        agent.Options.Reviews.Path = agent["reviews"];
        agent.Options.Http.TokenFile = agent["tokens"];
        File.WriteAllText(agent["tokens"], $"anna {Token}\nbert fedcba9876543210\n");
        configure?.Invoke(agent);
        await agent.StartAsync();
        return agent;
    }

    [Fact]
    public async Task A_token_is_changed_for_a_session_that_scripts_can_not_read()
    {
        await using TestAgent agent = await StartAsync();
        Assert.Equal((null, "token"), ((string?, string?))((await agent.GetJsonAsync("/api/access")).Json is var a ? ((string?)a["name"], (string?)a["login"]) : default));
        Assert.Equal(HttpStatusCode.Unauthorized, (await agent.PostAsync("/api/reviews", Change)).Code);
        Assert.Equal(HttpStatusCode.Unauthorized, (await agent.PostAsync("/api/login", """{"token":"0123456789abcdeF"}""")).Code);

        using HttpClient http = new(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = agent.Host.Address };
        using HttpRequestMessage login = new(HttpMethod.Post, "/api/login") { Content = new StringContent($$"""{"token":"{{Token}}"}""", System.Text.Encoding.UTF8, "application/json") };
        login.Headers.Add("X-Edge-Request", "1");
        using HttpResponseMessage response = await http.SendAsync(login, TestContext.Current.CancellationToken);
        Assert.Equal("anna", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["name"]);
        string cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Token, cookie, StringComparison.Ordinal);
        string session = cookie.Split(';')[0];

        Assert.Matches("has no part 999|There is no journal", (string?)(await agent.PostAsync("/api/reviews", Change, change: r => r.Headers.Add("Cookie", session))).Json["error"]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await agent.PostAsync("/api/reviews", Change, change: r => r.Headers.Add("Cookie", session[..^1] + "x"))).Code);
        await agent.PostAsync("/api/logout", "{}", change: r => r.Headers.Add("Cookie", session));
        Assert.Equal(HttpStatusCode.Unauthorized, (await agent.PostAsync("/api/reviews", Change, change: r => r.Headers.Add("Cookie", session))).Code);
        Assert.DoesNotContain(agent.Log, l => l.Contains(Token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_change_from_another_site_is_refused_whoever_is_logged_in()
    {
        await using TestAgent agent = await StartAsync();
        (string What, Action<HttpRequestMessage> Change)[] foreign =
        [
            ("no header", r => r.Headers.Remove("X-Edge-Request")),
            ("a form", r => r.Content = new FormUrlEncodedContent([new("entry", "1")])),
            ("text", r => r.Content = new StringContent(Change, System.Text.Encoding.UTF8, "text/plain")),
            ("another origin", r => r.Headers.Add("Origin", "https://attacker.example")),
            ("another port", r => r.Headers.Add("Origin", "http://127.0.0.1:1")),
            ("a sandboxed page", r => r.Headers.Add("Origin", "null")),
            ("the browser says so", r => r.Headers.Add("Sec-Fetch-Site", "cross-site")),
            ("a neighbour", r => r.Headers.Add("Sec-Fetch-Site", "same-site")),
        ];
        foreach ((string what, Action<HttpRequestMessage> change) in foreign)
            foreach (string path in (string[])["/api/reviews", "/api/login", "/api/logout"])
                Assert.True((await agent.PostAsync(path, Change, Token, change)).Code == HttpStatusCode.Forbidden, what);
        Assert.Equal(HttpStatusCode.Conflict, (await agent.PostAsync("/api/reviews", Change, Token, r => r.Headers.Add("Origin", $"http://127.0.0.1:{agent.Host.Address.Port}"))).Code);
        Assert.Equal(HttpStatusCode.Conflict, (await agent.PostAsync("/api/reviews", Change, Token, r => r.Headers.Add("Sec-Fetch-Site", "same-origin"))).Code);
        using HttpRequestMessage preflight = new(HttpMethod.Options, new Uri(agent.Host.Address, "/api/reviews"));
        preflight.Headers.Add("Origin", "https://attacker.example");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        using HttpClient http = new();
        using HttpResponseMessage answer = await http.SendAsync(preflight, TestContext.Current.CancellationToken);
        Assert.False(answer.IsSuccessStatusCode);
        Assert.DoesNotContain(answer.Headers, h => h.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Who_guesses_is_slowed_down_and_told_of()
    {
        await using TestAgent agent = await StartAsync();
        for (int i = 0; i < 10; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await agent.PostAsync("/api/login", $$"""{"token":"guess-{{i:0000000000}}"}""")).Code);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await agent.PostAsync("/api/login", $$"""{"token":"{{Token}}"}""")).Code);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await agent.PostAsync("/api/reviews", Change, Token)).Code);
        Assert.Equal(10, agent.Log.Count(l => l.Contains("a wrong token came from", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("not json", HttpStatusCode.BadRequest)]
    [InlineData("null", HttpStatusCode.BadRequest)]
    [InlineData("[]", HttpStatusCode.BadRequest)]
    [InlineData("""{"entry":1}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"entry":1,"judgement":"great","defect":null,"note":null}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"entry":1,"judgement":3,"defect":null,"note":null}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"entry":"1; DROP TABLE reviews","judgement":"normal","defect":null,"note":null}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"entry":1,"judgement":"normal","defect":null,"note":null,"by":"root"}""", HttpStatusCode.BadRequest)]
    public async Task What_is_no_review_is_refused(string body, HttpStatusCode expected)
    {
        await using TestAgent agent = await StartAsync();
        Assert.Equal(expected, (await agent.PostAsync("/api/reviews", body, Token)).Code);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await agent.PostAsync("/api/reviews", new string(' ', 20_000), Token)).Code);
    }

    [Theory]
    [InlineData("127.0.0.1", HttpStatusCode.Conflict, "proxy")]
    [InlineData("10.0.0.1", HttpStatusCode.Unauthorized, "proxy")]   // the header comes from somebody else
    public async Task A_reverse_proxy_names_its_people(string proxy, HttpStatusCode expected, string login)
    {
        await using TestAgent agent = await StartAsync(a => (a.Options.Http.TokenFile, a.Options.Http.UserHeader, a.Options.Http.Proxies) = (null, "X-Remote-User", proxy));
        Assert.Equal(expected, (await agent.PostAsync("/api/reviews", Change, change: r => r.Headers.Add("X-Remote-User", "carla"))).Code);
        Assert.Equal(login, (string?)(await agent.GetJsonAsync("/api/access")).Json["login"]);
    }

    [Fact]
    public async Task Without_a_token_file_nobody_may()
    {
        await using TestAgent agent = await StartAsync(a => a.Options.Http.TokenFile = null);
        Assert.Equal("none", (string?)(await agent.GetJsonAsync("/api/access")).Json["login"]);
        (HttpStatusCode code, JsonNode json) = await agent.PostAsync("/api/login", $$"""{"token":"{{Token}}"}""");
        Assert.Equal(HttpStatusCode.Unauthorized, code);
        Assert.Contains("Edge:Http:TokenFile", (string?)json["error"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anna", "Line 1")]
    [InlineData("anna short", "Line 1")]
    [InlineData("# nobody\n", "names nobody")]
    public async Task A_token_file_that_is_wrong_says_where(string content, string why)
    {
        await using TestAgent agent = await StartAsync(a => File.WriteAllText(a["tokens"], content));
        Assert.Contains(agent.Log, l => l.Contains("nobody can log in on the page", StringComparison.Ordinal) && l.Contains(why, StringComparison.Ordinal));
        (HttpStatusCode code, JsonNode json) = await agent.PostAsync("/api/login", $$"""{"token":"{{Token}}"}""");
        Assert.Equal(HttpStatusCode.Conflict, code);
        Assert.Contains(why, (string?)json["error"], StringComparison.Ordinal);
    }

    [Fact]
    public void The_proxys_header_needs_the_proxys_address()
    {
        AgentOptions options = new() { Stations = { ["cam1"] = new StationOptions { Model = "m", Source = { Path = "p" } } }, Http = { UserHeader = "X-Remote-User" }, Mqtt = { Enabled = false } };
        options.Stations["cam1"].Trigger.Mode = TriggerMode.FreeRunning;
        Assert.Contains("Proxies", Assert.Throws<EdgeException>(() => AgentConfiguration.Validate(options)).Message, StringComparison.Ordinal);
    }
}
