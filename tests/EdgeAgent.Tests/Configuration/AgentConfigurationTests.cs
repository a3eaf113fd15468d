using Edge.Agent.Configuration;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Edge.Tests.Configuration;

public sealed class AgentConfigurationTests
{
    [Fact]
    public void The_example_is_valid_and_names_every_option()
    {
        IConfigurationRoot example = AgentConfiguration.Open(new FileInfo(Path.Combine(AppContext.BaseDirectory, "Example", "appsettings.json")));
        AgentOptions options = AgentConfiguration.Bind(example);
        Assert.Equal(("flange", TriggerMode.Mqtt, 500), (options.Stations["station1"].Model, options.Stations["station1"].Trigger.Mode, options.Stations["station1"].DeadlineMs));

        string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Example", "appsettings.json"));
        IEnumerable<string> keys = typeof(AgentOptions).Assembly.GetTypes()
            .Where(t => t.Namespace == typeof(AgentOptions).Namespace && t.Name.EndsWith("Options", StringComparison.Ordinal)).SelectMany(t => t.GetProperties()).Select(p => p.Name);
        Assert.All(keys, key => Assert.Contains($"\"{key}\"", text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"Edge":{"Qeue":1,"Stations":{"a":{"Model":"m","Source":{"Path":"p"}}}}}""", "Edge:Qeue is not known; allowed are Line, Models")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Model":"m","Source":{"Kind":"Foldr","Path":"p"}}}}}""", "Edge:Stations:a:Source:Kind is 'Foldr'; allowed: Folder, Video, Camera, Synthetic")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Model":"m","Source":{"Kind":7,"Path":"p"}}}}}""", "Edge:Stations:a:Source:Kind is '7'; allowed: Folder")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Model":"m","Source":{"Kind":"Video"}}}}}""", "Edge:Stations:a:Source:Path: must name the file")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Model":"m","QueueCapacity":0,"Source":{"Path":"p"}}}}}""", "Edge:Stations:a:QueueCapacity: The field QueueCapacity must be between 1 and 1024")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Model":"m","QueueCapacity":"many","Source":{"Path":"p"}}}}}""", "Edge:Stations:a:QueueCapacity is 'many'; allowed: a value of type Int32")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Model":"../../etc","Source":{"Path":"p"}}}}}""", "Edge:Stations:a:Model: ")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Source":{"Path":"p"}}}}}""", "Edge:Stations:a:Model: The Model field is required")]
    [InlineData("""{"Edge":{"Stations":{"a/b":{"Model":"m","Source":{"Path":"p"}}}}}""", "Edge:Stations:a/b: a station's name must match")]
    [InlineData("""{"Edge":{"Line":"a/+","Stations":{"a":{"Model":"m","Source":{"Path":"p"}}}}}""", "Edge:Line: ")]
    [InlineData("""{"Edge":{"Http":{"Port":70000},"Stations":{"a":{"Model":"m","Source":{"Path":"p"}}}}}""", "Edge:Http:Port: ")]
    [InlineData("""{"Edge":{"Http":{"Address":"here"},"Stations":{"a":{"Model":"m","Source":{"Path":"p"}}}}}""", "Edge:Http:Address: must be an IP address")]
    [InlineData("""{"Edge":{"Http":7,"Stations":{"a":{"Model":"m","Source":{"Path":"p"}}}}}""", "Edge:Http must be a section, not '7'")]
    [InlineData("""{"Edge":{"Line":{"a":1},"Stations":{"a":{"Model":"m","Source":{"Path":"p"}}}}}""", "Edge:Line must be one value, not a section")]
    [InlineData("""{"Edge":{"Mqtt":{"Enabled":false},"Stations":{"a":{"Model":"m","Source":{"Path":"p"},"Trigger":{"Mode":"Mqtt"}}}}}""", "Trigger:Mode is Mqtt, but Mqtt:Enabled is false")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Model":"m","Source":{"Path":"p"},"Trigger":{"Mode":"Interval","Interval":"-00:00:01"}}}}}""", "Edge:Stations:a:Trigger:Interval: ")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Model":"m","Source":{"Kind":"Aravis","Aravis":{"Trigger":"Line1"}},"Trigger":{"Mode":"Mqtt"}}}}}""", "Edge:Stations:a:Trigger:Mode: must be FreeRunning")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Model":"m","Source":{"Path":"p"},"Recipe":"x","Recipes":{"x":{"ExposureUs":100}}}}}}""", "Edge:Stations:a:Recipes:x:ExposureUs must not be set: a source of kind Folder has no such setting")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Model":"m","Source":{"Kind":"Aravis"},"Recipe":"x","Recipes":{"x":{"Gain":1},"y":{}}}}}}""", "Edge:Stations:a:Recipes:y:Gain must be set, or Edge:Stations:a:Source:Aravis:Gain: another recipe sets it")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Model":"m","Source":{"Path":"p"},"Recipe":"x","Recipes":{"x":{"Mask":"0,0 9,9"}}}}}}""", "Edge:Stations:a:Recipes:x:Mask: The mask '0,0 9,9' has a polygon of fewer than three points")]
    [InlineData("""{"Edge":{"Journal":{"Enabled":false},"Sparkplug":{"Enabled":true},"Stations":{"a":{"Model":"m","Source":{"Path":"p"}}}}}""", "Edge:Sparkplug:Enabled is true, but Journal:Enabled is false")]
    [InlineData("""{"Edge":{"Sparkplug":{"GroupId":"a/b"},"Stations":{"a":{"Model":"m","Source":{"Path":"p"}}}}}""", "Edge:Sparkplug:GroupId: ")]
    [InlineData("""{"Edge":{}}""", "no section 'Edge' with stations")]
    [InlineData("""{"Edge":{"Stations":{"a":{"Model":"m","Source":{"Kind":"Synthetic","Width":100}}}}}""", "Edge:Stations:a:Source:Width: must be 0 or 256 to 8192")]
    [InlineData("""{"Edge":{"Line":"a"}}""", "Edge:Stations: names no station")]
    [InlineData("""{}""", "has no section 'Edge'")]
    public void A_mistake_is_named_by_its_key(string json, string message)
    {
        EdgeException e = Assert.Throws<EdgeException>(() => AgentConfiguration.Bind(Parse(json)));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_mistakes_are_named_at_once()
    {
        EdgeException e = Assert.Throws<EdgeException>(() => AgentConfiguration.Bind(Parse("""{"Edge":{"Lines":1,"Stations":{"a":{"Modell":"m"}}}}""")));
        Assert.Contains("Edge:Lines is not known", e.Message, StringComparison.Ordinal);
        Assert.Contains("Edge:Stations:a:Modell is not known", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_missing_or_no_JSON_is_named()
    {
        using TempFolder folder = new();
        Assert.Contains(folder["none.json"], Assert.Throws<EdgeException>(() => AgentConfiguration.Open(new FileInfo(folder["none.json"]))).Message, StringComparison.Ordinal);
        File.WriteAllText(folder["bad.json"], "{ \"Edge\": ");
        Assert.Contains(folder["bad.json"], Assert.Throws<EdgeException>(() => AgentConfiguration.Open(new FileInfo(folder["bad.json"]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_environment_overrides_the_file()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder["a.json"], """{"Edge":{"Mqtt":{"Host":"a"},"Stations":{"cam1":{"Model":"m","Source":{"Path":"p"}}}}}""");
        Environment.SetEnvironmentVariable("EDGE__MQTT__HOST", "broker");
        Environment.SetEnvironmentVariable("EDGE__STATIONS__CAM1__DEADLINEMS", "77");
        try
        {
            AgentOptions options = AgentConfiguration.Bind(AgentConfiguration.Open(new FileInfo(folder["a.json"])));
            Assert.Equal(("broker", 77), (options.Mqtt.Host, options.Stations["cam1"].DeadlineMs));
        }
        finally
        {
            Environment.SetEnvironmentVariable("EDGE__MQTT__HOST", null);
            Environment.SetEnvironmentVariable("EDGE__STATIONS__CAM1__DEADLINEMS", null);
        }
    }

    private static IConfigurationRoot Parse(string json) =>
        new ConfigurationBuilder().AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json))).Build();
}
