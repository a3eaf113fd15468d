using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Agent.Shadow;
using Edge.Scoring;
using Prometheus;

namespace Edge.Agent.Diagnostics;

/// <summary>Of versions that are tried out: shadows, and canaries.</summary>
internal sealed class TrialMetrics(MetricFactory make)
{
    private const string S = "station";
    private static readonly Verdict[] Decided = [Verdict.Accept, Verdict.Reject, Verdict.Review];

    private readonly Gauge canary = make.CreateGauge("edge_model_canary", "Version that this station is to run before the others have it; 0 = none.", S),
        version = make.CreateGauge("edge_shadow_version", "Version that sees the same parts and decides nothing; 0 = none runs.", S);

    private readonly Counter parts = make.CreateCounter("edge_shadow_parts_total", "Parts that the running version and its shadow have both seen, by what each said.", S, "running", "shadow"),
        missed = make.CreateCounter("edge_shadow_dropped_total", "Parts that a shadow did not see because it was busy with another.", S),
        busy = make.CreateCounter("edge_shadow_busy_seconds_total", "Time of shadows for their parts, at the lowest priority.", S),
        refusals = make.CreateCounter("edge_shadow_refusals_total", "Shadows that were refused: they did not prove themselves, or failed on a part.", S);

    public void Read(Station station)
    {
        string s = station.Name;
        StationShadow shadow = station.Shadow;
        canary.WithLabels(s).Set(station.Watcher.Status is { Canary: true, Aspired: { } first } ? first : 0);
        version.WithLabels(s).Set(shadow.Status is { State: ModelState.Running, Aspired: { } candidate } ? candidate : 0);
        foreach (Verdict running in Decided)
            foreach (Verdict said in Decided) parts.WithLabels(s, running.Wire(), said.Wire()).IncTo(shadow.Books.Seen(running, said));
        missed.WithLabels(s).IncTo(shadow.Books.Missed);
        busy.WithLabels(s).IncTo(shadow.Books.Busy.TotalSeconds);
        refusals.WithLabels(s).IncTo(shadow.Refusals);
    }
}
