using System.Text;
using System.Text.RegularExpressions;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Docs;

/// <summary>docs/metrics.md is made from what a running agent's /metrics says.</summary>
public sealed partial class MetricsDocument
{
    [Fact]
    public async Task Says_what_is_scraped()
    {
        await using TestAgent agent = new();
        agent.AddPicture("a.png", 40);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Ledger.Last is not null, "a verdict");
        using HttpClient http = new();
        string scraped = await http.GetStringAsync(new Uri(agent.Host.Address, "metrics"), TestContext.Current.CancellationToken);
        StringBuilder text = new("""
            # Metrics of edge-agent

            Made from a running agent's `/metrics`; a test compares it. The .NET runtime's own metrics (`dotnet_…`, `process_…`) come beside them.

            | metric | type | labels | what |
            |---|---|---|---|

            """);
        Dictionary<string, string> types = Type().Matches(scraped).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        foreach (Match help in Help().Matches(scraped).OrderBy(m => m.Groups[1].Value, StringComparer.Ordinal))
        {
            string name = help.Groups[1].Value;
            Match sample = Regex.Match(scraped, $@"^{name}(?:_bucket)?\{{(.*)\}} ", RegexOptions.Multiline);
            IEnumerable<string> labels = name.StartsWith("edge_gpu_", StringComparison.Ordinal) ? Agent.Diagnostics.MachineMetrics.GpuLabels : Label().Matches(sample.Groups[1].Value).Select(m => m.Groups[1].Value).Where(l => l != "le");
            text.Append($"| `{name}` | {types[name]} | {string.Join(", ", labels)} | {help.Groups[2].Value} |\n");
        }
        Document.Compare("docs/metrics.md", text.ToString());
    }

    [GeneratedRegex(@"^# HELP (edge_\w+) (.*)$", RegexOptions.Multiline)]
    private static partial Regex Help();

    [GeneratedRegex(@"^# TYPE (edge_\w+) (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex(@"(\w+)=""")]
    private static partial Regex Label();
}
