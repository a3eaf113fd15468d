using Xunit;

namespace Edge.Tests;

/// <summary>Where tests find the repository and the optional real data beside it.</summary>
internal static class TestPaths
{
    /// <summary>The folder of Edge.sln.</summary>
    public static string Repository { get; } = Above(AppContext.BaseDirectory, "Edge.sln")
        ?? throw new InvalidOperationException($"No Edge.sln above {AppContext.BaseDirectory}");

    /// <summary>
    /// Real pictures and weights that are not part of the repository: <c>EDGE_SHARED</c>, or a folder <c>shared</c> beside the repository.
    /// A test that needs one which is missing is skipped, by name.
    /// </summary>
    public static string Shared(string relative)
    {
        string root = Environment.GetEnvironmentVariable("EDGE_SHARED") ?? Path.Combine(Repository, "..", "shared");
        string path = Path.GetFullPath(Path.Combine(root, relative));
        Assert.SkipUnless(Path.Exists(path), $"needs shared/{relative} (set EDGE_SHARED)");
        return path;
    }

    private static string? Above(string folder, string file)
    {
        for (DirectoryInfo? at = new(folder); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, file))) return at.FullName;
        return null;
    }
}
