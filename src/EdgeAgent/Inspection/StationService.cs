using Edge.Agent.Archive;
using Edge.Agent.Journal;

namespace Edge.Agent.Inspection;

/// <summary>Starts and stops the stations with the host; each on its own, so that one that hangs does not hold up the others. The journal ends last.</summary>
internal sealed class StationService(IReadOnlyList<Station> stations, JournalWriter? journal, ArchiveWriter? archive, Action<string, Exception> failed) : IHostedService, IDisposable
{
    /// <summary>How long a stopping agent tries to get its last records on the disk.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource giveUp = new();
    private Task journaling = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (journal is not null) journaling = Task.Run(RunJournalAsync, CancellationToken.None);
        archive?.Start();
        foreach (Station station in stations) station.Start();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(stations.Select(s => s.StopAsync())).ConfigureAwait(false);
        if (archive is not null) await Task.Run(() => archive.Stop(Patience), CancellationToken.None).ConfigureAwait(false);
        journal?.Complete();
        giveUp.CancelAfter(Patience);
        await journaling.ConfigureAwait(false);
    }

    public void Dispose() => giveUp.Dispose();

    private async Task RunJournalAsync()
    {
        using JournalWriter writer = journal!;
        try
        {
            await writer.RunAsync(giveUp.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (giveUp.IsCancellationRequested) { }
        catch (Exception e)
        {
            failed("journal", e);
        }
    }
}
