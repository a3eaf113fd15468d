using System.Text.Json.Nodes;
using Xunit;

namespace Edge.Tests;

/// <summary>docs/asyncapi.json as AsyncAPI's own parser reads it; the examples in it were published by an agent and must fit their schemas.</summary>
public sealed class AsyncApiTests
{
    private static readonly string Document = Path.Combine(TestPaths.Repository, "docs/asyncapi.json");

    [Fact]
    public void The_document_is_valid() => Assert.Equal("", Parse(Document));

    [Theory]
    [InlineData("verdict", """{"verdict":"perhaps"}""")]
    [InlineData("model", """{"more":1}""")]
    public void An_example_that_does_not_fit_its_schema_is_found(string message, string change)
    {
        using TempFolder folder = new();
        JsonNode json = JsonNode.Parse(File.ReadAllText(Document))!;
        JsonObject payload = json["components"]!["messages"]![message]!["examples"]![0]!["payload"]!.AsObject();
        foreach ((string member, JsonNode? value) in JsonNode.Parse(change)!.AsObject()) payload[member] = value!.DeepClone();
        File.WriteAllText(folder["changed.json"], json.ToJsonString());
        Assert.Contains($"components/messages/{message}", Parse(folder["changed.json"]), StringComparison.Ordinal);
    }

    private static string Parse(string document)
    {
        string node = Path.Combine(TestPaths.Repository, "tests/EndToEnd.Tests/node");
        Assert.SkipUnless(Directory.Exists(Path.Combine(node, "node_modules/@asyncapi/parser")), "needs @asyncapi/parser (npm ci in tests/EndToEnd.Tests/node)");
        return Programs.Run("node", 0, Path.Combine(node, "asyncapi.js"), document).Output.Trim();
    }
}
