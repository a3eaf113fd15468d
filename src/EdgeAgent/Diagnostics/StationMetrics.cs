using Edge.Agent.Inspection;
using Prometheus;

namespace Edge.Agent.Diagnostics;

/// <summary>What a station observes per part: children resolved once, so that a part costs a few additions.</summary>
internal sealed class StationMetrics(AgentMetrics metrics, string station)
{
    private readonly Histogram.Child wait = metrics.Stages.WithLabels(station, "wait"), acquire = metrics.Stages.WithLabels(station, "acquire"),
        preprocess = metrics.Stages.WithLabels(station, "preprocess"), infer = metrics.Stages.WithLabels(station, "infer"),
        publish = metrics.Stages.WithLabels(station, "publish"), latency = metrics.Latency.WithLabels(station),
        position = metrics.ScorePosition.WithLabels(station);

    private readonly Gauge.Child score = metrics.Score.WithLabels(station);

    /// <summary>A part that went through the model.</summary>
    public void Observe(InspectionResult result, TimeProvider time)
    {
        double tick = 1.0 / time.TimestampFrequency;
        wait.Observe(result.Times.Wait * tick);
        acquire.Observe(result.Times.Acquire * tick);
        preprocess.Observe(result.Times.Preprocess * tick);
        infer.Observe(result.Times.Infer * tick);
        if (!float.IsFinite(result.Score)) return;
        score.Set(result.Score);
        position.Observe(result.Model!.Calibration.Position(result.Score));
    }

    /// <summary>A verdict the broker has.</summary>
    /// <param name="sincePublish">From the decision to its hand-over to the client.</param>
    public void ObservePublished(TimeSpan sincePublish, TimeSpan sinceTrigger)
    {
        publish.Observe(sincePublish.TotalSeconds);
        latency.Observe(sinceTrigger.TotalSeconds);
    }
}
