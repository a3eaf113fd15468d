using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;

namespace Edge.Hosting;

/// <summary>
/// systemd's notify protocol: READY, STATUS, STOPPING, and WATCHDOG while every loop beats. The package's own lifetime is
/// active only for units and knows no watchdog; this works wherever NOTIFY_SOCKET is set.
/// </summary>
internal sealed class SystemdNotify(ISystemdNotifier notifier, SignsOfLife life, TimeProvider time) : BackgroundService, IHostedLifecycleService
{
    /// <summary>Without WATCHDOG_USEC: how often STATUS is brought up to date.</summary>
    private static readonly TimeSpan DefaultPeriod = TimeSpan.FromSeconds(10);

    /// <summary>Half of what systemd waits, as sd_watchdog_enabled(3) advises.</summary>
    private static TimeSpan Period =>
        long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds / 2)
            : DefaultPeriod;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!notifier.IsEnabled) return;
        using PeriodicTimer timer = new(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            notifier.Notify(new ServiceState($"STATUS={life.Summary()}"));
            if (life.Beats()) notifier.Notify(new ServiceState("WATCHDOG=1"));
        }
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        notifier.Notify(ServiceState.Ready);
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        notifier.Notify(ServiceState.Stopping);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <param name="Beats">Every loop is alive; else systemd starts the program again.</param>
/// <param name="Summary">One line for <c>systemctl status</c>.</param>
internal sealed record SignsOfLife(Func<bool> Beats, Func<string> Summary);
