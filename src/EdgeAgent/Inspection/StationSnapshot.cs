using Edge.Agent.Capture;
using Edge.Agent.Models;
using Edge.Scoring;

namespace Edge.Agent.Inspection;

/// <summary>A station at one moment, for whoever shows it.</summary>
/// <param name="CameraTrouble">Why the camera is not online; null when it is.</param>
/// <param name="Version">Of the running model; null when none runs.</param>
/// <param name="Model">What became of the aspired version.</param>
/// <param name="Uninspected">By reason, without those that never happened.</param>
/// <param name="Awaiting">Parts whose verdict is still to come.</param>
/// <param name="Unpublished">Verdicts that wait for the broker.</param>
/// <param name="Last">The last decided part; its <see cref="Job.Result"/> is set.</param>
internal sealed record StationSnapshot(
    string Name,
    CameraState Camera,
    string? CameraTrouble,
    string ModelName,
    int? Version,
    ModelStatus Model,
    bool BrokerConnected,
    long Triggers,
    long Accepted,
    long Rejected,
    long Reviews,
    IReadOnlyDictionary<Reason, long> Uninspected,
    long Awaiting,
    long Unpublished,
    long Lost,
    long HeatmapsSent,
    Job? Last)
{
    public long UninspectedTotal => Uninspected.Values.Sum();

    internal static StationSnapshot Of(Station station) => new(
        station.Name,
        station.Camera.State,
        station.Camera.Trouble,
        station.Recipes.Current.Model,
        station.Inspector.Model?.Version,
        station.Watcher.Status,
        station.Link is { IsConnected: true },
        station.Ledger.Triggers,
        station.Ledger.Count(Verdict.Accept),
        station.Ledger.Count(Verdict.Reject),
        station.Ledger.Count(Verdict.Review),
        Enum.GetValues<Reason>().Where(r => station.Ledger.Count(Verdict.Uninspected, r) > 0).ToDictionary(r => r, r => station.Ledger.Count(Verdict.Uninspected, r)),
        station.Ledger.Awaiting,
        station.Ledger.Outbox.Count,
        station.Ledger.Lost,
        station.HeatmapLoop.Sent,
        station.Ledger.Last);
}
