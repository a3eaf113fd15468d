using System.Diagnostics;
using System.Globalization;

namespace Edge.Training.Benchmarks;

/// <summary>How many cores other programs used since this was made: times taken beside them are not this program's own.</summary>
internal sealed class OtherLoad
{
    private const string Statistics = "/proc/stat";
    private const double TicksPerSecond = 100;   // USER_HZ, fixed for user space on Linux

    private readonly double? busy = Busy();
    private readonly TimeSpan own = Environment.CpuUsage.TotalTime;
    private readonly long started = Stopwatch.GetTimestamp();

    /// <summary>Cores on average; null where the system does not say.</summary>
    public double? Cores
    {
        get
        {
            double others = (Busy() - busy ?? double.NaN) - (Environment.CpuUsage.TotalTime - own).TotalSeconds;
            return double.IsNaN(others) ? null : Math.Round(Math.Max(0, others) / Stopwatch.GetElapsedTime(started).TotalSeconds, 2);
        }
    }

    /// <summary>Seconds of all cores that were neither idle nor waiting for a disk.</summary>
    private static double? Busy()
    {
        if (!File.Exists(Statistics)) return null;
        using StreamReader reader = new(Statistics);
        // cpu user nice system idle iowait irq softirq steal guest guest_nice; guests are counted in user and nice.
        double[]? ticks = reader.ReadLine()?.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(t => double.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        return ticks is { Length: >= 8 } ? (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7]) / TicksPerSecond : null;
    }
}
