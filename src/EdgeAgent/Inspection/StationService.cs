namespace Edge.Agent.Inspection;

/// <summary>Starts and stops the stations with the host; each on its own, so that one that hangs does not hold up the others.</summary>
internal sealed class StationService(IReadOnlyList<Station> stations) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (Station station in stations) station.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(stations.Select(s => s.StopAsync()));
}
