using Edge.Training.Data;
using Edge.Training.Methods;

namespace Edge.Training.Runs;

/// <summary>A few real pictures on which the graph must prove itself: held-out normal ones (copies of the learnt ones, a
/// little shifted, where none is held out: what was learnt itself may score 0), and anomalous ones where there are any.</summary>
internal static class ProofPictures
{
    private const int Normal = 8, Anomalous = 8;

    public static IReadOnlyList<LoadedPicture> Load(IReadOnlyList<Picture> heldOut, IReadOnlyList<Picture> test, IReadOnlyList<LoadedPicture> learnt, TrainingContext context)
    {
        // Round-robin over the defects, so that a few of each come first.
        IEnumerable<Picture> anomalous = test.Where(p => !p.IsNormal).GroupBy(p => p.Label).SelectMany(g => g.Select((p, i) => (p, i))).OrderBy(x => x.i).Select(x => x.p);
        Picture[] chosen = [.. heldOut.Take(Normal), .. anomalous.Take(Anomalous)];
        List<SkippedPicture> alreadyReported = [];
        return [.. learnt.Take(Normal).Select(p => AlteredCopies.Of(p, context.Input).First()), .. PictureLoader.Stream(chosen, context.Input, context.Strict, alreadyReported, context.Terminal, context.Cancellation)];
    }
}
