using Xunit;

namespace Edge.Tests;

public sealed class TelemetryTests(TrainedLine line)
{
    /// <summary>ONNX Runtime's own reporting would leave an identifier and a database of events in the home folder (unless the variable CI is set).</summary>
    [Theory]
    [InlineData("trainer")]
    [InlineData("agent")]
    public void Nothing_is_gathered_for_the_vendor_of_the_runtime(string program)
    {
        using TempFolder home = new();
        string[] command = program == "trainer" ? [Programs.Trainer, "evaluate", "--package", line.Package, "--data", line.Data]
            : [Programs.Agent, "inspect", "--package", line.Package, Directory.EnumerateFiles(Path.Combine(line.Data, "test/good")).First()];
        Programs.Run("/usr/bin/env", 0, ["-u", "CI", "-u", "XDG_CACHE_HOME", "-u", "ORT_DISABLE_TELEMETRY", $"HOME={home.Path}", .. command]);
        Assert.Empty(Directory.EnumerateFiles(home.Path, "*", SearchOption.AllDirectories));
    }
}
