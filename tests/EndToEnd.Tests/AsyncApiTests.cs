using System.Text.Json.Nodes;
using Xunit;

namespace Edge.Tests;

/// <summary>The AsyncAPI documents as AsyncAPI's own parser reads them; what was published must fit their schemas.</summary>
public sealed class AsyncApiTests
{
    private static readonly string Document = DocumentOf("asyncapi.json");

    [Theory]
    [InlineData("asyncapi.json")]
    [InlineData("trainer-asyncapi.json")]
    public void The_document_is_valid(string document) => Assert.Equal("", Parse(DocumentOf(document)));

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

    /// <summary>Messages that a program has published fit its document.</summary>
    /// <param name="published">Kind of message and payload.</param>
    internal static void Fit(string document, IEnumerable<(string Kind, JsonNode Payload)> published)
    {
        using TempFolder folder = new();
        JsonNode json = JsonNode.Parse(File.ReadAllText(DocumentOf(document)))!;
        foreach (IGrouping<string, JsonNode> kind in published.GroupBy(p => p.Kind, p => p.Payload))
            json["components"]!["messages"]![kind.Key]!["examples"] = new JsonArray([.. kind.Select(p => (JsonNode)new JsonObject { ["payload"] = p.DeepClone() })]);
        File.WriteAllText(folder["published.json"], json.ToJsonString());
        Assert.Equal("", Parse(folder["published.json"]));
    }

    private static string DocumentOf(string name) => Path.Combine(TestPaths.Repository, "docs", name);

    private static string Parse(string document)
    {
        string node = Path.Combine(TestPaths.Repository, "tests/EndToEnd.Tests/node");
        Assert.SkipUnless(Directory.Exists(Path.Combine(node, "node_modules/@asyncapi/parser")), "needs @asyncapi/parser (npm ci in tests/EndToEnd.Tests/node)");
        return Programs.Run("node", 0, Path.Combine(node, "asyncapi.js"), document).Output.Trim();
    }
}
