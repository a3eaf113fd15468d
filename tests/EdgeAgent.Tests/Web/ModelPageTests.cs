using System.Net;
using System.Text.Json.Nodes;
using Edge.Packages;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Web;

/// <summary>The model page's side of an agent: versions, a change of what runs, and the scores a threshold is tried on.</summary>
public sealed class ModelPageTests
{
    private const string Token = "0123456789abcdef";

    private static async Task<TestAgent> StartAsync()
    {
        TestAgent agent = new();
        agent.StationOptions.Source.Loop = true;
        agent.Options.Reviews.Path = agent["reviews"];
        agent.Options.Http.TokenFile = agent["tokens"];
        agent.Options.Probation.Parts = 0;
        File.WriteAllText(agent["tokens"], $"anna {Token}\n");
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 10), setCurrent: false);
        return agent;
    }

    [Fact]
    public async Task Versions_are_shown_activated_and_rolled_back_in_the_callers_name()
    {
        await using TestAgent agent = await StartAsync();
        Package damaged = TestModels.Publish(agent.Models, TinyGraph.Write(bias: 20), setCurrent: false);
        File.WriteAllBytes(damaged.ModelPath, [1]);
        JsonNode model = (await agent.GetJsonAsync("/api/models")).Json[0]!;
        Assert.Equal((TestModels.Name, 1), ((string?)model["name"], (int?)model["current"]));
        Assert.Equal([3, 2, 1], model["versions"]!.AsArray().Select(v => (int)v!["version"]!));
        Assert.Equal(("cam1", 1), ((string?)model["stations"]![0]!["station"], (int?)model["stations"]![0]!["version"]));

        const string path = "/api/stations/cam1/model";
        Assert.Equal(HttpStatusCode.Unauthorized, (await agent.PostAsync(path, """{"action":"activate","version":2}""")).Code);
        Assert.Equal(2, (int?)(await agent.PostAsync(path, """{"action":"activate","version":2,"why":"new lamp"}""", Token)).Json["version"]);
        foreach ((string body, string why) in new[]
        {
            ("""{"action":"activate","version":3}""", "model.onnx is damaged"), ("""{"action":"activate","version":99}""", "99"), ("""{"action":"activate"}""", "action is"), ("""{"action":"rollback","version":1}""", "action is"),
            ("""{"action":"format"}""", "action is"), ($$"""{"action":"rollback","why":"{{new string('x', 201)}}"}""", "201"),
        })
        {
            (HttpStatusCode code, JsonNode refused) = await agent.PostAsync(path, body, Token);
            Assert.Equal(HttpStatusCode.Conflict, code);
            Assert.Contains(why, (string?)refused["error"], StringComparison.Ordinal);
        }
        Assert.Equal(HttpStatusCode.Conflict, (await agent.PostAsync("/api/stations/other/model", """{"action":"rollback"}""", Token)).Code);
        Assert.Equal(1, (int?)(await agent.PostAsync(path, """{"action":"rollback"}""", Token)).Json["version"]);
        Assert.Equal([(2, "anna on the page", "new lamp"), (1, "anna on the page", "roll back")],
            new PackageStore(agent.Models).History(TestModels.Name).Skip(1).Select(a => ((int)a.To!, a.By, a.Why)));
        Assert.Equal("roll back", (string?)(await agent.GetJsonAsync("/api/models")).Json[0]!["history"]![0]!["why"]);
        Assert.Equal(2, (int?)(await agent.PostAsync(path, """{"action":"shadow","version":2}""", Token)).Json["shadow"]);
        Assert.Null((int?)(await agent.PostAsync(path, """{"action":"shadow"}""", Token)).Json["shadow"]);
        Assert.Equal((2, true), (await agent.PostAsync(path, """{"action":"canary","version":2}""", Token)).Json is var canary ? ((int)canary["version"]!, (bool)canary["canary"]!) : default);
        Assert.Equal(1, (int)(await agent.GetJsonAsync("/api/models")).Json[0]!["current"]!);
        Assert.Equal((1, false), (await agent.PostAsync(path, """{"action":"canary"}""", Token)).Json is var ended ? ((int)ended["version"]!, (bool)ended["canary"]!) : default);
    }

    [Fact]
    public async Task Scores_are_those_of_the_graph_that_runs_with_what_people_said()
    {
        await using TestAgent agent = await StartAsync();
        await agent.UntilAsync(() => agent.Host.Journal!.Written > 5, "parts");
        JsonNode part = (await agent.PartsAsync("limit=1"))[0];
        await agent.PostAsync("/api/reviews", $$"""{"entry":{{part["seq"]}},"judgement":"normal"}""", Token);
        await agent.PostAsync("/api/stations/cam1/model", """{"action":"activate","version":2}""", Token);
        await agent.UntilAsync(() => agent.Station.Inspector.Model?.Version == 2 && agent.Station.Ledger.Last?.Result?.Score == 50, "version 2");
        long written = agent.Host.Journal!.Written;
        await agent.UntilAsync(() => agent.Host.Journal!.Written > written + 5, "its parts");
        JsonNode scores = (await agent.GetJsonAsync("/api/scores?station=cam1")).Json;
        Assert.Equal((2, 100.0), ((int)scores["version"]!, (double)scores["threshold"]!));
        Assert.NotEmpty(scores["parts"]!.AsArray());
        Assert.All(scores["parts"]!.AsArray(), p => Assert.Equal((50.0, null), ((double)p!["score"]!, (string?)p["truth"])));   // none of version 1's 40
        await agent.PostAsync("/api/stations/cam1/model", """{"action":"rollback"}""", Token);
        await agent.UntilAsync(() => agent.Station.Inspector.Model?.Version == 1, "version 1");
        scores = (await agent.GetJsonAsync("/api/scores?station=cam1")).Json;
        Assert.Single(scores["parts"]!.AsArray(), p => (string?)p!["truth"] == "normal");
        Assert.All(scores["parts"]!.AsArray(), p => Assert.Equal(40.0, (double)p!["score"]!));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await agent.GetJsonAsync("/api/scores?station=none")).Code);
    }
}
