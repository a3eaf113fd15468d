using Edge.Agent.Models;
using Edge.Imaging;
using Edge.Scoring;
using Microsoft.ML.OnnxRuntime;

namespace Edge.Agent.Inspection;

/// <summary>One frame, inspected. Times are ticks of the <see cref="TimeProvider"/>'s clock.</summary>
internal readonly record struct Inspection(Verdict Verdict, Reason Reason, float Score, long Preprocess, long Infer);

/// <summary>The stage between frame and verdict, and the only owner of the running model. One thread.</summary>
internal sealed partial class Inspector(ModelSlot slot, TimeProvider time, ILogger log) : IDisposable
{
    private LoadedModel? model;
    private long swaps;

    /// <summary>The running model; readable from any thread.</summary>
    public LoadedModel? Model => Volatile.Read(ref model);

    public long Swaps => Interlocked.Read(ref swaps);

    /// <summary>Raised on the inspection thread after a swap.</summary>
    public event Action? Changed;

    /// <summary>Takes a model that is offered for a recipe and drops the one before. Called between two frames.</summary>
    public bool TakeOffered(string? recipe)
    {
        if (slot.Take(recipe) is not { } next) return false;
        LoadedModel? previous = model;
        Volatile.Write(ref model, next);
        Interlocked.Increment(ref swaps);
        previous?.Dispose();
        LogSwap(next.Name, next.Version, previous?.Version);
        Changed?.Invoke();
        return true;
    }

    /// <summary>Preprocess, run, decide. Never accepts what it could not score.</summary>
    public Inspection Inspect(ImageBuffer frame)
    {
        if (model is null) return new Inspection(Verdict.Uninspected, Reason.NoModel, float.NaN, 0, 0);
        long start = time.GetTimestamp(), ready = start;
        try
        {
            model.Preprocessor.Apply(frame, model.Detector.Input);
            ready = time.GetTimestamp();
            float score = model.Detector.Run();
            Verdict verdict = model.Calibration.Decide(score);
            Reason reason = verdict == Verdict.Uninspected ? Reason.InvalidScore : Reason.None;
            return new Inspection(verdict, reason, score, ready - start, time.GetTimestamp() - ready);
        }
        catch (EdgeException e)
        {
            LogMisfit(e.Message);
            return new Inspection(Verdict.Uninspected, Reason.FrameMisfit, float.NaN, time.GetTimestamp() - start, 0);
        }
        catch (OnnxRuntimeException e)
        {
            LogInference(e);
            return new Inspection(Verdict.Uninspected, Reason.Inference, float.NaN, ready - start, time.GetTimestamp() - ready);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "model {Name} version {Version} runs (before: {Previous})")]
    private partial void LogSwap(string name, int version, int? previous);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a frame does not fit: {Why}")]
    private partial void LogMisfit(string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "the model failed on a frame")]
    private partial void LogInference(Exception e);

    public void Dispose()
    {
        slot.Take()?.Dispose();
        model?.Dispose();
        Volatile.Write(ref model, null);
    }
}
