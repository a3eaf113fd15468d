using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Edge.Packages;
using Edge.Training.Service.Configuration;

namespace Edge.Training.Service.Runs;

/// <summary>
/// <c>edge-trainer train</c> as a process of its own: what libtorch does to it (memory, a crash) does not happen to the service, and the operating system
/// puts it behind everybody else. It ends with the service (PR_SET_PDEATHSIG), so that a run never has two.
/// </summary>
internal sealed partial class TrainingProcess(ProcessOptions options, ILogger log)
{
    /// <summary>After SIGTERM a training may finish its step and tidy up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int Terminate = 15;

    /// <summary>Its last line of progress; null when nothing runs.</summary>
    public string? Progress { get; private set; }

    /// <param name="arguments">Of the method.</param>
    /// <param name="folder">The run's: <c>data</c> is there; <c>models</c>, <c>train.log</c> and the checkpoint come.</param>
    /// <exception cref="EdgeException">It failed, with its own words.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task TrainAsync(string product, IReadOnlyList<string> arguments, string folder, CancellationToken cancel)
    {
        string checkpoint = Path.Combine(folder, "checkpoint");
        List<string> command =
        [
            "--pdeathsig", "KILL", "nice", "-n", options.Nice.ToString(CultureInfo.InvariantCulture), "ionice", "-c", "3", Path.Combine(AppContext.BaseDirectory, "edge-trainer"),
            "train", .. arguments, "--data", Path.Combine(folder, "data"), "--name", product, "--models", Path.Combine(folder, "models"),
            "--threads", options.Threads.ToString(CultureInfo.InvariantCulture), "--json",
        ];
        if (arguments[1] != "patchcore") command.AddRange(["--checkpoint", checkpoint]);
        if (File.Exists(checkpoint)) command.Add("--resume");
        ProcessStartInfo start = new("setpriv", command) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove(SigningKey.Variable);   // a candidate is signed when it is published
        if (options.GpuMemoryFraction is { } fraction) start.Environment["PYTORCH_CUDA_ALLOC_CONF"] = string.Create(CultureInfo.InvariantCulture, $"per_process_memory_fraction:{fraction}");

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromHours(options.MaxHours));
        // A thread of its own that lives as long as the process: the death signal comes when the thread that started it ends.
        (int code, string? error) = await Task.Factory.StartNew(() => Run(start, Path.Combine(folder, "train.log"), limit.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        if (limit.IsCancellationRequested) throw new EdgeException($"The training took longer than {options.MaxHours} hours (Process:MaxHours).");
        if (code != 0) throw new EdgeException(error is null ? $"The training ended with exit code {code} and no word; see {folder}/train.log." : error.Trim());
    }

    /// <returns>Exit code, and what came after <c>error:</c>.</returns>
    private (int Code, string? Error) Run(ProcessStartInfo start, string file, CancellationToken cancel)
    {
        using StreamWriter written = new(file, append: true) { AutoFlush = true };
        using Process process = new() { StartInfo = start };
        string? error = null;
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not { } text) return;
            lock (written) written.WriteLine(text);
            if (text.StartsWith("error: ", StringComparison.Ordinal)) error = text["error: ".Length..];
            else Progress = text;
        };
        process.OutputDataReceived += (_, _) => { };   // the document; the package says the same
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new EdgeException($"setpriv, nice and ionice are needed (package util-linux): {e.Message}", e);
        }
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        LogStarted(process.Id, file);
        using (cancel.Register(() => _ = Kill(process.Id, Terminate)))
        {
            while (!process.WaitForExit(TimeSpan.FromSeconds(1)) && !cancel.IsCancellationRequested) { }
            if (!process.WaitForExit(Patience)) process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
        Progress = null;
        return (process.ExitCode, error);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    [LoggerMessage(Level = LogLevel.Information, Message = "training process {Process}, its words go to {File}")]
    private partial void LogStarted(int process, string file);
}
