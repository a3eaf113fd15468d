using Edge.Training.Service.Configuration;
using Edge.Training.Service.Messaging;

namespace Edge.Training.Service.Runs;

/// <summary>Asks for runs by the clock, when enough pictures were reviewed and when scores have drifted; for a product that has none waiting or under way.</summary>
internal sealed partial class AutomaticRuns(ServeOptions options, RunBook book, DriftWatch drift, TimeProvider time, ILogger<AutomaticRuns> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(15);

    private readonly DateTimeOffset since = time.GetUtcNow();
    private long beat = time.GetTimestamp();

    /// <summary>It looks at the clock as often as it should.</summary>
    public bool Beats => time.GetElapsedTime(Volatile.Read(ref beat)) < 8 * Pause;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Pause, time);
        do
        {
            foreach ((string name, ProductOptions product) in options.Products) Look(name, product);
            Volatile.Write(ref beat, time.GetTimestamp());
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    internal void Look(string name, ProductOptions product)
    {
        RetrainingRun[] mine = [.. book.All.Where(r => r.Product == name)];
        if (mine.Any(r => !r.IsOver)) return;
        try
        {
            if (Why(name, product, mine) is { } cause) book.Ask($"{time.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}-{cause.Wire()}-{name}", name, cause);
        }
        catch (EdgeException e)
        {
            LogNotAsked(name, e.Message);
        }
    }

    private RunCause? Why(string name, ProductOptions product, RetrainingRun[] mine)
    {
        DateTimeOffset now = time.GetUtcNow();
        // A time that passed while the machine was off counts from the run before.
        DateTimeOffset last = mine.Where(r => r.Cause == RunCause.Schedule).Select(r => r.RequestedAt).DefaultIfEmpty(since).Max();
        if (product.When()?.GetNextOccurrence(last, time.LocalTimeZone) <= now) return RunCause.Schedule;
        DateTimeOffset newest = mine.Select(r => r.RequestedAt).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
        if (product.ReviewedParts is { } enough && ReviewedParts.Since(product, newest) >= enough) return RunCause.Reviews;
        if (product.OnDrift && drift.Since(name) > newest) return RunCause.Drift;   // one run for a drift, whatever asked for it
        return null;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "no run of {Product} can be asked for: {Why}")]
    private partial void LogNotAsked(string product, string why);
}
