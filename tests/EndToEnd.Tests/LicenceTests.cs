using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Edge.Tests;

/// <summary>docs/licences.md names every package that ships and its licence, as the restored packages say.</summary>
public sealed partial class LicenceTests
{
    private static readonly string[] Allowed = ["MIT", "Apache-2.0", "BSD-3-Clause"];

    [Fact]
    public void The_list_of_licences_is_true_and_all_are_permissive()
    {
        SortedDictionary<string, string> restored = new(StringComparer.OrdinalIgnoreCase);
        foreach (string project in (string[])["EdgeAgent", "Trainer"])
        {
            using JsonDocument assets = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.Repository, "src", project, "obj/project.assets.json")));
            string cache = assets.RootElement.GetProperty("packageFolders").EnumerateObject().First().Name;
            foreach (JsonProperty library in assets.RootElement.GetProperty("libraries").EnumerateObject().Where(l => l.Value.GetProperty("type").GetString() == "package"))
                restored[library.Name.Split('/')[0]] = Licence(Path.Combine(cache, library.Value.GetProperty("path").GetString()!));
        }
        Assert.All(restored, package => Assert.True(Allowed.Contains(package.Value), $"{package.Key}: {package.Value}"));

        string document = File.ReadAllText(Path.Combine(TestPaths.Repository, "docs/licences.md"));
        IEnumerable<string> written = Row().Matches(document).Select(m => $"{m.Groups[1].Value} {m.Groups[2].Value}");
        Assert.Equal(restored.Select(p => $"{p.Key} {p.Value}"), written.Order(StringComparer.OrdinalIgnoreCase));
    }

    private static string Licence(string package)
    {
        XElement licence = XDocument.Load(Directory.EnumerateFiles(package, "*.nuspec").Single()).Descendants().First(e => e.Name.LocalName == "license");
        if (licence.Attribute("type")?.Value == "expression") return licence.Value;
        string text = File.ReadAllText(Path.Combine(package, licence.Value));
        return text.Contains("MIT License", StringComparison.Ordinal) || text.Contains("Permission is hereby granted, free of charge", StringComparison.Ordinal) ? "MIT" : "unknown";
    }

    [GeneratedRegex(@"^\| ([A-Za-z0-9._-]+) \| ([A-Za-z0-9.-]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
