using Xunit;

namespace Edge.Tests;

/// <summary>A committed document that is made from the code. With EDGE_UPDATE_DOCS=1 it is written instead of compared.</summary>
internal static class Document
{
    public static void Compare(string relative, string made)
    {
        string path = Path.Combine(TestPaths.Repository, relative);
        if (Environment.GetEnvironmentVariable("EDGE_UPDATE_DOCS") == "1") File.WriteAllText(path, made);
        Assert.True(File.Exists(path) && File.ReadAllText(path) == made, $"{relative} does not say what the code does; run the tests once with EDGE_UPDATE_DOCS=1 and commit it.\n{made}");
    }
}
