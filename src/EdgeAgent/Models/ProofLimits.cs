using System.Runtime.InteropServices;

namespace Edge.Agent.Models;

/// <summary>What the proving process allows itself. Linux; elsewhere the time limit only.</summary>
internal sealed partial class ProofLimits : IDisposable
{
    /// <summary>Exit code, as of timeout(1).</summary>
    public const int TooLong = 124;

    // linux/resource.h, the same on x86-64 and ARM64.
    private const int Data = 2, Core = 4;

    private readonly Timer timer;

    /// <summary>
    /// To be called on the thread that loads the graph: its priority goes with it. Not RLIMIT_AS: .NET reserves 256 GiB of addresses. RLIMIT_DATA counts what is private and writable.
    /// </summary>
    public ProofLimits(TimeSpan time, long bytes)
    {
        // Also the end of an orphan: an agent that was killed ends nothing. The native call that stalls holds no thread of the pool.
        timer = new Timer(_ => Exit(TooLong), null, time, Timeout.InfiniteTimeSpan);
        if (!OperatingSystem.IsLinux()) return;
        Limit limit = new() { Soft = (ulong)bytes, Hard = (ulong)bytes }, none = default;
        if (SetLimit(Data, in limit) != 0) throw new EdgeException($"The memory limit of {bytes} bytes cannot be set: error {Marshal.GetLastPInvokeError()}.");
        _ = SetLimit(Core, in none);
        LowestPriority.OfThisThread();
        try
        {
            File.WriteAllText("/proc/self/oom_score_adj", "1000");   // when the box is out of memory: this one first
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without /proc the kernel chooses by size.
        }
    }

    public void Dispose() => timer.Dispose();

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft, Hard;
    }

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in Limit limit);

    /// <summary>At once: Environment.Exit would wait for the thread that stalls.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int code);
}
