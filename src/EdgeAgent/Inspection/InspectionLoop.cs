using Edge.Agent.Diagnostics;
using Edge.Agent.Drift;
using Edge.Agent.Models;
using Edge.Agent.Shadow;
using Edge.Packages;

namespace Edge.Agent.Inspection;

/// <summary>The thread that owns the model: job with a frame in, verdict out.</summary>
/// <param name="archive">Offered every decided part and the model; may take the frame and leave another. Must not block.</param>
internal sealed class InspectionLoop(
    Inspector inspector, Ledger ledger, StationQueues queues, EvidenceQueue evidence, StationMetrics metrics, StationDrift drift, StationShadow? shadow, TimeProvider time, CancellationToken stop, Action<Job, LoadedModel?>? archive = null)
{
    public void Run(Heartbeat heartbeat)
    {
        while (!queues.Frames.Ended)
        {
            heartbeat.Beat();
            TakeOffered();
            if (!queues.Frames.TryTake(out Job? job, Heartbeat.Pause)) continue;
            try
            {
                Inspect(job);
            }
            catch
            {
                ledger.Close(job, Reason.Inference);   // the loop ends here, and the agent; not without a word about this part
                throw;
            }
        }
        evidence.Complete();
    }

    /// <summary>Another recipe's model waits until the parts before the change are done.</summary>
    private void TakeOffered()
    {
        string? now = ledger.Recipes?.Current.Name;
        if (inspector.Model is not { } model || model.Recipe.Name == now || queues.Pool.Count == queues.Capacity) inspector.TakeOffered(now);
    }

    private void Inspect(Job job)
    {
        long start = time.GetTimestamp();
        if (stop.IsCancellationRequested) ledger.Close(job, Reason.Shutdown);
        if (job.Result is null)   // else its deadline has passed: the time goes to the next part
        {
            inspector.TakeOffered(job.Setup.Name);
            LoadedModel? model = inspector.Model;
            if (model is not null && model.Recipe.Name != job.Setup.Name) ledger.Close(job, Reason.Recipe);   // two changes in a row: its model has gone
        }
        if (job.Result is null)
        {
            LoadedModel? model = inspector.Model;
            Inspection seen = inspector.Inspect(job.Frame!.Image);
            InspectionResult result = ToResult(job, seen, model?.Manifest, start);
            if (ledger.Close(job, result))
            {
                metrics.Observe(result, time);
                if (model is not null) drift.Observe(model, seen.Verdict, seen.Score);
                if (seen.Reason == Reason.None)
                {
                    evidence.Offer(job, seen.Verdict, model!);
                    shadow?.Offer(job, model!, seen);
                }
            }
        }
        archive?.Invoke(job, inspector.Model);
        queues.Release(job);
    }

    private InspectionResult ToResult(Job job, Inspection seen, Manifest? model, long start) => new()
    {
        Verdict = seen.Verdict,
        Reason = seen.Reason,
        Score = seen.Score,
        Model = model,
        Times = new StageTimes(
            Wait: job.GrabStarted - job.ReceivedAt + (start - job.GrabEnded),
            Acquire: job.GrabEnded - job.GrabStarted,
            seen.Preprocess,
            seen.Infer),
        CapturedAt = job.CapturedAt,
        Frame = job.Frame?.Label,
        DecidedAt = time.GetTimestamp(),
    };
}
