using System.Text;
using System.Text.RegularExpressions;
using Edge.Training.Service;
using Edge.Training.Service.Configuration;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Edge.Tests.Service;

/// <summary>docs/trainer-configuration.md and docs/trainer-metrics.md are made from the options and from a running service; the example is valid, mistakes are named.</summary>
public sealed partial class ServeDocuments
{
    [Fact]
    public void Configuration_says_what_the_options_are() => Document.Compare("docs/trainer-configuration.md", $"""
        # Configuration of edge-trainer serve

        Made from the code; a test compares it. Keys go into `trainer.json` (section `Trainer`) or into environment variables with `__` between
        the parts: `TRAINER__Mqtt__Host` is `Trainer:Mqtt:Host`. An unknown key, or a value out of range, stops the trainer at its start with a message
        that names the key. What the service does with them: [trainer.md](trainer.md).

        {OptionsTable.Of(typeof(ServeOptions))}
        """);

    [Fact]
    public async Task Metrics_say_what_is_scraped()
    {
        using TempFolder folder = new();
        Directory.CreateDirectory(folder["data"]);
        ServeOptions options = new()
        {
            Models = folder["models"], State = folder["state"], Http = { Port = 0 }, Mqtt = { Enabled = false },
            Products = { ["flange"] = new ProductOptions { Data = folder["data"] } },
        };
        await using ServeHost host = ServeHost.Build(options);
        await host.StartAsync(TestContext.Current.CancellationToken);
        using HttpClient http = new();
        string scraped = await http.GetStringAsync(new Uri(host.Address, "metrics"), TestContext.Current.CancellationToken);
        Assert.Contains("\"status\": \"healthy\"", await http.GetStringAsync(new Uri(host.Address, "healthz"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Directory.Delete(folder["data"]);
        using HttpResponseMessage sick = await http.GetAsync(new Uri(host.Address, "healthz"), TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, sick.StatusCode);
        await host.StopAsync(TestContext.Current.CancellationToken);

        StringBuilder text = new("""
            # Metrics of edge-trainer serve

            Made from a running trainer's `/metrics`; a test compares it. The .NET runtime's own metrics (`dotnet_…`, `process_…`) come beside them.

            | metric | type | what |
            |---|---|---|

            """);
        Dictionary<string, string> types = Type().Matches(scraped).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        foreach (Match help in Help().Matches(scraped).OrderBy(m => m.Groups[1].Value, StringComparer.Ordinal))
            text.Append($"| `{help.Groups[1].Value}` | {types[help.Groups[1].Value]} | {help.Groups[2].Value} |\n");
        Document.Compare("docs/trainer-metrics.md", text.ToString());
    }

    [Fact]
    public void The_example_is_valid_and_a_mistake_is_named()
    {
        IConfigurationRoot example = ServeConfiguration.Open(new FileInfo(Path.Combine(AppContext.BaseDirectory, "Example", "trainer.json")));
        Assert.Equal(["flange"], ServeConfiguration.Bind(example).Products.Keys);
        foreach ((string product, string[] named) in new (string, string[])[]
        {
            ("""{"Data":"d","Shedule":"0 0 * * *"}""", ["Trainer:Products:flange:Shedule is not known"]),
            ("""{"Data":"d","Schedule":"every night"}""", ["Products:flange:Schedule", "five cron fields"]),
            ("""{"Data":"d","Arguments":"--coreset lots"}""", ["Products:flange:Arguments", "--coreset"]),
            ("""{"Data":"d","Arguments":"--models elsewhere"}""", ["Products:flange:Arguments", "--models"]),
            ("""{"Data":"d","Arguments":"--json"}""", ["Products:flange:Arguments", "--json is the service's own"]),
            ("""{"Data":"d","Method":"fcdd","Arguments":"--anomalies d"}""", ["Products:flange:Arguments", "defects come from Data and Reviewed"]),
            ("""{"Data":"d","Gates":{"MaxFalseRejectRate":5}}""", ["Products:flange:Gates:MaxFalseRejectRate"]),
            ("""{"Data":"d","ReviewedParts":5}""", ["Products:flange:Reviewed"]),
        })
        {
            using MemoryStream json = new(Encoding.UTF8.GetBytes("""{"Trainer":{"Products":{"flange":""" + product + "}}}"));
            string why = Assert.Throws<EdgeException>(() => ServeConfiguration.Bind(new ConfigurationBuilder().AddJsonStream(json).Build())).Message;
            Assert.All(named, n => Assert.Contains(n, why, StringComparison.Ordinal));
        }
    }

    [GeneratedRegex(@"^# HELP (edge_\w+) (.*)$", RegexOptions.Multiline)]
    private static partial Regex Help();

    [GeneratedRegex(@"^# TYPE (edge_\w+) (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Type();
}
