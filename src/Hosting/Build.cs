using System.Reflection;

namespace Edge.Hosting;

/// <summary>What was built: the version, with the commit after a '+' when built from a repository.</summary>
internal static class Build
{
    public static string Version { get; } =
        typeof(Build).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
}
