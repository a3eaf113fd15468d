using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Edge.Tests;

/// <summary>Options' types, defaults, ranges and documentation comments as a table, for docs/*configuration.md.</summary>
internal static partial class OptionsTable
{
    private static readonly Dictionary<string, XElement> Comments = Directory.EnumerateFiles(AppContext.BaseDirectory, "*.xml").Where(f => Path.GetFileName(f) is "edge-agent.xml" or "edge-trainer.xml" or "Edge.Hosting.xml")
        .SelectMany(f => XDocument.Load(f).Descendants("member")).DistinctBy(m => m.Attribute("name")!.Value).ToDictionary(m => m.Attribute("name")!.Value);

    public static string Of(Type type)
    {
        StringBuilder text = new("""
            | key | values | default | what |
            |---|---|---|---|

            """);
        Append(text, type, Activator.CreateInstance(type)!, "");
        return text.ToString();
    }

    private static void Append(StringBuilder text, Type type, object defaults, string prefix)
    {
        foreach (PropertyInfo property in type.GetProperties())
        {
            string key = prefix + property.Name;
            object? value = property.GetValue(defaults);
            if (value is IDictionary) Append(text, property.PropertyType.GetGenericArguments()[1], Activator.CreateInstance(property.PropertyType.GetGenericArguments()[1])!, key + ":<name>:");
            else if (property.PropertyType.IsClass && property.PropertyType.Namespace!.StartsWith("Edge.", StringComparison.Ordinal)) Append(text, property.PropertyType, value!, key + ":");
            else text.Append($"| `{key}` | {Values(property)} | {Default(property, value)} | {Summary($"P:{property.DeclaringType!.FullName}.{property.Name}")} |\n");
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
