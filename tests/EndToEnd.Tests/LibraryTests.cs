using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Edge.Tests;

/// <summary>docs/library.md's program, in a project of its own that knows only the packed NuGet package.</summary>
public sealed partial class LibraryTests(TrainedLine line)
{
    [Fact]
    public void The_documented_lines_judge_as_the_line_does()
    {
        using TempFolder folder = new();
        Programs.Run("dotnet", 0, "pack", Path.Combine(TestPaths.Repository, "src/Shared"), "-c", "Release", "-o", folder["packages"], "-p:PackageVersion=0.0.1-test");
        Directory.CreateDirectory(folder["program"]);
        File.WriteAllText(folder["program/program.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
                <RestoreAdditionalProjectSources>{folder["packages"]}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{folder["cache"]}</RestorePackagesPath>
                <RestoreFallbackFolders>{Cache()}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="Edge.Inspection" Version="0.0.1-test" /></ItemGroup>
            </Project>
            """);
        File.WriteAllText(folder["program/Program.cs"], Code().Match(File.ReadAllText(Path.Combine(TestPaths.Repository, "docs/library.md"))).Groups[1].Value);
        string[] pictures = [.. Directory.EnumerateFiles(Path.Combine(line.Data, "test"), "*.jpg", SearchOption.AllDirectories).Order().Take(5)];

        string[] library = Programs.Run("dotnet", 0, ["run", "--project", folder["program"], "--", line.Package, .. pictures]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] agent = Programs.Run(Programs.Agent, 0, ["inspect", "--package", line.Package, .. pictures]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            agent.Select(l => JsonDocument.Parse(l).RootElement).Select(l => $"{l.GetProperty("verdict").GetString()} {l.GetProperty("score").GetSingle()} true"),
            library.Select(l => l.ToLowerInvariant()));
    }

    /// <summary>The packages that this build has restored: the program's own dependencies are among them.</summary>
    private static string Cache()
    {
        using JsonDocument assets = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.Repository, "src/Shared/obj/project.assets.json")));
        return assets.RootElement.GetProperty("packageFolders").EnumerateObject().First().Name;
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();
}
