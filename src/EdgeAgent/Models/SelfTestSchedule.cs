using Edge.Agent.Inspection;

namespace Edge.Agent.Models;

/// <summary>Every station's self-test, one after the other: each loads a model beside the one that works.</summary>
internal sealed class SelfTestSchedule(IReadOnlyList<Station> stations, TimeSpan every, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
                foreach (Station station in stations)
                    await Task.Run(station.SelfTest.RunScheduled, CancellationToken.None).WaitAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }
}
