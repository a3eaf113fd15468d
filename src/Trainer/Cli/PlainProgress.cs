using System.Globalization;

namespace Edge.Training.Cli;

/// <summary>
/// Progress for a pipe or a log: a line when at least 2 s have passed and either a tenth of the work is done since the last one
/// or 30 s have gone by; one line at the end.
/// </summary>
internal sealed class PlainProgress(string title, TextWriter writer, TimeProvider time)
{
    private const double Step = 0.1 - 1e-9;   // tenths don't add up exactly
    private static readonly TimeSpan AtLeast = TimeSpan.FromSeconds(2), AtMost = TimeSpan.FromSeconds(30);
    private readonly Lock gate = new();
    private readonly long started = time.GetTimestamp();
    private long lastLine = time.GetTimestamp();
    private double lastFraction;

    public void Report(double fraction, string? detail)
    {
        // Almost every call ends here: reading the clock costs tens of nanoseconds, no lock is taken.
        TimeSpan quiet = time.GetElapsedTime(Interlocked.Read(ref lastLine));
        if (quiet < AtLeast || (quiet < AtMost && fraction - Volatile.Read(ref lastFraction) < Step)) return;
        lock (gate)
        {
            if (time.GetElapsedTime(lastLine) < AtLeast || fraction < lastFraction) return;
            Interlocked.Exchange(ref lastLine, time.GetTimestamp());
            lastFraction = fraction;
            TimeSpan elapsed = time.GetElapsedTime(started);
            string left = fraction > 0.01 ? $", about {Text(elapsed * ((1 - fraction) / fraction))} left" : "";
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{title} {fraction * 100,3:0} %{(detail is null ? "" : " " + detail)}, {Text(elapsed)}{left}"));
        }
    }

    public void Done() => writer.WriteLine($"{title} done in {Text(time.GetElapsedTime(started))}");

    private static string Text(TimeSpan span) => span.TotalSeconds < 100
        ? span.TotalSeconds.ToString(span.TotalSeconds < 10 ? "0.0 's'" : "0 's'", CultureInfo.InvariantCulture)
        : span.ToString(span.TotalHours < 1 ? @"m\:ss" : @"h\:mm\:ss", CultureInfo.InvariantCulture);
}
