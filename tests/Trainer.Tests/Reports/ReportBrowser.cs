using System.Diagnostics;
using System.Text.Json;
using Edge.Training.Reports;
using Xunit;

namespace Edge.Tests.Reports;

/// <summary>Uses a report in a real Chromium and says what it showed.</summary>
internal static class ReportBrowser
{
    private static readonly string Node = Path.Combine(TestPaths.Repository, "tests/EndToEnd.Tests/node");

    public static JsonElement Use(string report)
    {
        string[] places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/snap/bin/chromium"];
        string? chromium = places.FirstOrDefault(File.Exists);
        Assert.SkipUnless(chromium is not null, "needs chromium");
        Assert.SkipUnless(Directory.Exists(Path.Combine(Node, "node_modules/axe-core")), "needs playwright-core and axe-core (npm ci in tests/EndToEnd.Tests/node)");
        return JsonDocument.Parse(Run(Path.Combine(Node, "report.js"), chromium!, report)).RootElement;
    }

    /// <summary>An expression in the words of one of the page's script files.</summary>
    public static string Evaluate(string script, string expression)
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream("report/" + script)!;
        return Run("--print", new StreamReader(stream).ReadToEnd() + expression);
    }

    private static string Run(params string[] arguments)
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, "node"))), "needs node");
        ProcessStartInfo start = new("node", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return output;
    }
}
