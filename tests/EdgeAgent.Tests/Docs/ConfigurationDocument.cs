using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Edge.Agent.Configuration;
using Xunit;

namespace Edge.Tests.Docs;

/// <summary>docs/configuration.md is made from the options' types, defaults, ranges and documentation comments.</summary>
public sealed partial class ConfigurationDocument
{
    private static readonly Dictionary<string, XElement> Comments = XDocument.Load(Path.Combine(AppContext.BaseDirectory, "edge-agent.xml"))
        .Descendants("member").ToDictionary(m => m.Attribute("name")!.Value);

    [Fact]
    public void Says_what_the_options_are()
    {
        StringBuilder text = new("""
            # Configuration of edge-agent

            Made from the code; a test compares it. Keys go into `appsettings.json` (section `Edge`) or into environment variables with `__` between
            the parts: `EDGE__Mqtt__Host` is `Edge:Mqtt:Host`. An unknown key, or a value out of range, stops the agent at its start with a message that
            names the key.

            | key | values | default | what |
            |---|---|---|---|

            """);
        Append(text, typeof(AgentOptions), new AgentOptions(), "");
        Document.Compare("docs/configuration.md", text.ToString());
    }

    private static void Append(StringBuilder text, Type type, object defaults, string prefix)
    {
        foreach (PropertyInfo property in type.GetProperties())
        {
            string key = prefix + property.Name;
            object? value = property.GetValue(defaults);
            if (value is IDictionary) Append(text, property.PropertyType.GetGenericArguments()[1], Activator.CreateInstance(property.PropertyType.GetGenericArguments()[1])!, key + ":<name>:");
            else if (property.PropertyType.Namespace == type.Namespace && property.PropertyType.IsClass) Append(text, property.PropertyType, value!, key + ":");
            else text.Append($"| `{key}` | {Values(property)} | {Default(property, value)} | {Summary($"P:{type.FullName}.{property.Name}")} |\n");
        }
    }

    private static string Values(PropertyInfo property)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type.IsEnum) return string.Join(", ", Enum.GetNames(type));
        if (property.GetCustomAttribute<RangeAttribute>() is { } range) return $"{range.Minimum} to {range.Maximum}";
        if (property.GetCustomAttribute<RegularExpressionAttribute>() is { } pattern) return $"`{pattern.Pattern}`";
        return type == typeof(bool) ? "true, false" : type == typeof(int) ? "integer" : "text";
    }

    private static string Default(PropertyInfo property, object? value) =>
        value is null ? property.GetCustomAttribute<RequiredAttribute>() is null ? "none" : "**required**" : $"`{(value is bool b ? b ? "true" : "false" : value)}`";

    private static string Summary(string member)
    {
        Assert.True(Comments.TryGetValue(member, out XElement? comment), $"{member} has no documentation comment");
        string text = string.Concat(comment!.Element("summary")!.Nodes().Select(n => n switch
        {
            XText t => t.Value,
            XElement { Name.LocalName: "c" } c => $"`{c.Value}`",
            XElement { Name.LocalName: "see" } see => $"`{see.Attribute("cref")!.Value.Split('.')[^1]}`",
            _ => "",
        }));
        return Spaces().Replace(text, " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
