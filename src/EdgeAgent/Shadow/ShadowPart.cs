using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;

namespace Edge.Agent.Shadow;

/// <summary>A part on its way to a shadow: what the running model said of it, and its picture, copied. Reused.</summary>
internal sealed class ShadowPart
{
    private readonly ImageBuffer frame = new();
    private byte[] input = [];
    private bool preprocessed;

    public Job? Job { get; private set; }

    /// <summary>Of the running model, as the recipe uses it.</summary>
    public Manifest? Running { get; private set; }

    /// <summary>The running model's, raw.</summary>
    public float Score { get; private set; }
    public Verdict Verdict { get; private set; }

    /// <summary>The running model's time for it, ticks of the <see cref="TimeProvider"/>'s clock.</summary>
    public long Took { get; private set; }

    /// <summary>On the inspection thread, while job and model still have the part's picture.</summary>
    /// <param name="sameInput">The candidate's picture is the model's; else it is made from the frame.</param>
    public void Fill(Job job, LoadedModel model, in Inspection.Inspection seen, bool sameInput)
    {
        (Job, Running, Score, Verdict, Took, preprocessed) = (job, model.Manifest, seen.Score, seen.Verdict, seen.Preprocess + seen.Infer, sameInput);
        if (sameInput)
        {
            Span<byte> picture = model.Detector.Input;
            if (input.Length < picture.Length) input = new byte[picture.Length];
            picture.CopyTo(input);
            return;
        }
        ImageBuffer taken = job.Frame!.Image;
        taken.Pixels.CopyTo(frame.Reset(taken.Width, taken.Height, taken.Format));
    }

    /// <summary>Writes the candidate's input.</summary>
    /// <exception cref="EdgeException">The frame does not fit its region.</exception>
    public void Present(LoadedModel candidate)
    {
        if (preprocessed) input.AsSpan(0, candidate.Detector.Input.Length).CopyTo(candidate.Detector.Input);
        else candidate.Preprocessor.Apply(frame, candidate.Detector.Input);
    }
}
