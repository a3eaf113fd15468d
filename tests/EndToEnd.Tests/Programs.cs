using System.Diagnostics;
using System.Text;
using Xunit;

namespace Edge.Tests;

/// <summary>Runs the built programs as a user does: as processes.</summary>
internal static class Programs
{
    // The variables name copies: a build under a running program breaks it.
    public static string Trainer { get; } = Environment.GetEnvironmentVariable("EDGE_TRAINER") ?? Path.Combine(TestPaths.Repository, "src/Trainer/bin", Configuration, "net10.0/edge-trainer");
    public static string Agent { get; } = Environment.GetEnvironmentVariable("EDGE_AGENT") ?? Path.Combine(TestPaths.Repository, "src/EdgeAgent/bin", Configuration, "net10.0/edge-agent");

#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    /// <summary>Runs to the end; fails the test, with the output, when the exit code is another.</summary>
    public static Finished Run(string program, int exitCode, params IEnumerable<string> arguments)
    {
        using RunningProgram running = Start(program, arguments);
        Finished finished = running.Wait();
        Assert.True(finished.ExitCode == exitCode, $"{Path.GetFileName(program)} {string.Join(' ', arguments)}\nexit code {finished.ExitCode}, expected {exitCode}\n{finished.Output}\n{finished.Error}");
        return finished;
    }

    public static RunningProgram Start(string program, params IEnumerable<string> arguments) => new(program, arguments);
}

internal sealed record Finished(int ExitCode, string Output, string Error);

/// <summary>A process whose output is collected; killed at the end of the test.</summary>
internal sealed class RunningProgram : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new(), error = new();

    public RunningProgram(string program, IEnumerable<string> arguments)
    {
        process = new Process { StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true } };
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(error, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output { get { lock (output) return output.ToString(); } }
    public string Error { get { lock (error) return error.ToString(); } }
    public bool HasExited => process.HasExited;
    public int Id => process.Id;

    public Finished Wait()
    {
        if (!process.WaitForExit(TimeSpan.FromMinutes(10)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{process.StartInfo.FileName} did not end in 10 minutes\n{Output}\n{Error}");
        }
        process.WaitForExit();   // until the pipes are read to their end
        return new Finished(process.ExitCode, Output, Error);
    }

    public void Kill() => process.Kill();

    /// <summary>SIGINT is 2, SIGTERM 15.</summary>
    public void Signal(int signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"])!;
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    private static void Append(StringBuilder to, string? line)
    {
        if (line is null) return;
        lock (to) to.AppendLine(line);
    }
}
