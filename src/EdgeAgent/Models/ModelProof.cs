using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Edge.Agent.Configuration;
using Edge.Packages;

namespace Edge.Agent.Models;

/// <summary>
/// A graph shows in a process of its own (<c>edge-agent models prove</c>) that it loads and gives its golden images' scores, before the agent loads it:
/// one that crashes, stalls or eats memory ends that process only. One at a time for all stations; what has proved itself need not again.
/// </summary>
internal sealed class ModelProof(ProofOptions options)
{
    private const int LongestReason = 2000;

    /// <summary>The child ends itself at its limit; the agent ends it when it can't.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, bool> proved = [];

    /// <param name="package">Its hashes are verified, so that the manifest's hash stands for all of it.</param>
    /// <exception cref="ModelProofException">The graph does not prove itself, and would not a second time.</exception>
    /// <exception cref="EdgeException">The process can't be started.</exception>
    public void Require(Package package, int threads, CancellationToken cancel)
    {
        if (options.Seconds == 0) return;
        string hash = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(package.Folder, PackageFiles.Manifest))));
        if (proved.ContainsKey(hash)) return;   // waits for nobody: a roll back must not stand behind another candidate that stalls
        lock (gate)
        {
            if (proved.ContainsKey(hash)) return;
            Run(package.Folder, threads, cancel);
            proved[hash] = true;
        }
    }

    private void Run(string folder, int threads, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using Process process = Start(folder, threads);
        Task<string> error = ReadAsync(process.StandardError);
        Task output = ReadAsync(process.StandardOutput);
        bool ended;
        using (cancel.Register(process.Kill)) ended = process.WaitForExit(TimeSpan.FromSeconds(options.Seconds) + Grace);
        if (!ended) process.Kill();
        process.WaitForExit();
        Task.WaitAll([error, output], CancellationToken.None);
        cancel.ThrowIfCancellationRequested();
        int code = ended ? process.ExitCode : ProofLimits.TooLong;
        if (code != 0) throw new ModelProofException($"The graph did not prove itself in a process of its own: {Reason(code, error.Result)}");
    }

    private Process Start(string folder, int threads)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "edge-agent");
        List<string> arguments = ["models", "prove", folder, "--threads", Text(threads), "--seconds", Text(options.Seconds), "--memory-mb", Text(options.MemoryMb)];
        if (!File.Exists(program))   // run as dotnet edge-agent.dll
        {
            arguments.Insert(0, $"{program}.dll");
            program = Environment.ProcessPath ?? "dotnet";
        }
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("NOTIFY_SOCKET");   // systemd hears the agent only
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new EdgeException($"The process in which a graph proves itself cannot be started: {e.Message}", e);
        }

        static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The beginning is kept, all is read: a process that writes without end must not stop at a full pipe, nor fill the memory here.</summary>
    private static async Task<string> ReadAsync(StreamReader from)
    {
        char[] kept = new char[LongestReason], more = new char[1024];
        int length = await from.ReadBlockAsync(kept).ConfigureAwait(false);
        while (await from.ReadAsync(more).ConfigureAwait(false) > 0) { }
        return new string(kept, 0, length);
    }

    private string Reason(int code, string error)
    {
        const string mark = "error: ";
        int at = error.IndexOf(mark, StringComparison.Ordinal);
        if (code == CommandLine.Failed && at >= 0) return error[(at + mark.Length)..].Trim();
        if (code == ProofLimits.TooLong) return $"it was not done after {options.Seconds} seconds (Edge:Proof:Seconds).";
        // .NET's exit code of a process that a signal ended is 128 + signal.
        string how = code > 128 ? $"signal {code - 128} ended it" : $"it ended with exit code {code}";
        return $"{how} (memory limit {options.MemoryMb} MiB, Edge:Proof:MemoryMb). {error.Trim()}".TrimEnd();
    }
}
