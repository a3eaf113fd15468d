using Xunit;

namespace Edge.Tests;

/// <summary>Where tests find what is not in the repository, and where they may write.</summary>
internal static class TestPaths
{
    /// <summary>A folder of real pictures, e.g. <c>cookies</c>; skips the test when it isn't there.</summary>
    public static string Dataset(string name) => Shared(Path.Combine("datasets", name));

    /// <summary>A file or folder of the shared folder: EDGE_SHARED, or a folder <c>shared</c> beside the repository or a parent of it.</summary>
    public static string Shared(string relative)
    {
        string? named = Environment.GetEnvironmentVariable("EDGE_SHARED");
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); named is null && folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "shared");
            if (Directory.Exists(Path.Combine(candidate, "datasets"))) named = candidate;
        }
        string path = Path.Combine(named ?? "shared", relative);
        if (!Path.Exists(path)) Assert.Skip($"{path} is missing: set EDGE_SHARED to the folder that holds datasets/.");
        return path;
    }

    /// <summary>A new, empty folder that is removed with the object.</summary>
    public static TempFolder NewFolder() => new();
}

internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("edge-test-").FullName;

    public string this[string relative] => System.IO.Path.Combine(Path, relative);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
