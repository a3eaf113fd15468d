using Edge.Agent.Configuration;
using Xunit;

namespace Edge.Tests.Docs;

/// <summary>docs/configuration.md is made from the options' types, defaults, ranges and documentation comments.</summary>
public sealed class ConfigurationDocument
{
    [Fact]
    public void Says_what_the_options_are() => Document.Compare("docs/configuration.md", $"""
        # Configuration of edge-agent

        Made from the code; a test compares it. Keys go into `appsettings.json` (section `Edge`) or into environment variables with `__` between
        the parts: `EDGE__Mqtt__Host` is `Edge:Mqtt:Host`. An unknown key, or a value out of range, stops the agent at its start with a message that
        names the key.

        {OptionsTable.Of(typeof(AgentOptions))}
        """);
}
