using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Edge.Tests;

/// <summary>docs/library.md's programs, each in a project of its own that knows only the packed NuGet packages.</summary>
public sealed partial class LibraryTests(TrainedLine line)
{
    private const string Version = "0.0.1-test";

    [Fact]
    public void The_documented_lines_judge_as_the_line_does()
    {
        using TempFolder folder = new();
        Pack(folder, "Shared");
        string[] pictures = [.. Directory.EnumerateFiles(Path.Combine(line.Data, "test"), "*.jpg", SearchOption.AllDirectories).Order().Take(5)];

        string[] library = Execute(folder, "Edge.Inspection", example: 0, "Shared", [line.Package, .. pictures]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] agent = Programs.Run(Programs.Agent, 0, ["inspect", "--package", line.Package, .. pictures]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            agent.Select(l => JsonDocument.Parse(l).RootElement).Select(l => $"{l.GetProperty("verdict").GetString()} {l.GetProperty("score").GetSingle()} true"),
            library.Select(l => l.ToLowerInvariant()));
    }

    [Fact]
    public void The_documented_lines_train_as_the_command_does()
    {
        using TempFolder folder = new();
        Pack(folder, "Shared");
        Pack(folder, "Trainer");
        JsonElement train = JsonDocument.Parse(line.TrainJson).RootElement;

        string said = Execute(folder, "Edge.Training", example: 1, "Trainer", [line.Data, folder["models"]]);
        Assert.Equal($"{train.GetProperty("threshold").GetSingle()} {train.GetProperty("evaluation").GetProperty("imageAuroc").GetDouble()} 2 max-fnr", said.Trim());
        Assert.Equal("2", File.ReadAllText(folder["models/flange/current"]).Trim());
    }

    private static void Pack(TempFolder folder, string project) =>
        Programs.Run("dotnet", 0, "pack", Path.Combine(TestPaths.Repository, "src", project), "-c", "Release", "-o", folder["packages"], $"-p:PackageVersion={Version}");

    /// <summary>Builds and runs an example of docs/library.md; returns what it prints.</summary>
    /// <param name="project">Whose restored packages hold everything the program needs.</param>
    private static string Execute(TempFolder folder, string package, int example, string project, string[] arguments)
    {
        Directory.CreateDirectory(folder["program"]);
        File.WriteAllText(folder["program/program.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
                <RestoreAdditionalProjectSources>{folder["packages"]}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{folder["cache"]}</RestorePackagesPath>
                <RestoreFallbackFolders>{Cache(project)}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="{package}" Version="{Version}" /></ItemGroup>
            </Project>
            """);
        File.WriteAllText(folder["program/Program.cs"], Code().Matches(File.ReadAllText(Path.Combine(TestPaths.Repository, "docs/library.md")))[example].Groups[1].Value);
        return Programs.Run("dotnet", 0, ["run", "--project", folder["program"], "--", .. arguments]).Output;
    }

    /// <summary>The packages that this build has restored: the program's own dependencies are among them.</summary>
    private static string Cache(string project)
    {
        using JsonDocument assets = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.Repository, $"src/{project}/obj/project.assets.json")));
        return assets.RootElement.GetProperty("packageFolders").EnumerateObject().First().Name;
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();
}
