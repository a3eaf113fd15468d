using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Imaging;

namespace Edge.Agent.Web;

/// <summary>
/// Heatmaps of parts that were decided earlier, computed anew from the archive's picture by the version that decided: one at a time, on a thread of the lowest
/// priority with a session of its own and one core, which is given back after a while. One whose score is not the recorded one shows nothing.
/// </summary>
internal sealed class PartHeatmaps(ModelLoader loader) : IDisposable
{
    /// <summary>Orders that wait; more are refused.</summary>
    private const int Waiting = 4;

    /// <summary>Longer side, pixels.</summary>
    private const int Side = 1024;

    /// <summary>Of the way from an average normal part to the threshold: another core may sum in another order, and a rounded graph shows it.</summary>
    private const double ScoreTolerance = 0.01;

    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1), Patience = TimeSpan.FromSeconds(5);

    private readonly Handover<Order> orders = new(Waiting);
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private LoadedModel? model;
    private Thread? thread;

    private sealed record Order(PictureOfPart Part, Recipe Recipe, CancellationToken Cancel)
    {
        public TaskCompletionSource<byte[]> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <returns>JPEG: the whole frame in its own proportions.</returns>
    /// <exception cref="EdgeException">There is none that would be what the line saw; why.</exception>
    public Task<byte[]> DrawAsync(PictureOfPart part, Recipe recipe, CancellationToken cancel)
    {
        Order order = new(part, recipe, cancel);
        if (!orders.TryAdd(order)) throw new EdgeException("Other heatmaps are being computed; try again in a moment.");
        lock (gate)
        {
            if (thread is null)
            {
                thread = new Thread(Run) { IsBackground = true, Name = "heatmaps of the archive" };
                thread.Start();
            }
        }
        return order.Done.Task.WaitAsync(cancel);
    }

    /// <summary>Ends it as soon as it can.</summary>
    public void Dispose()
    {
        orders.Complete();
        stop.Cancel();   // it holds no timer: there is nothing to dispose of
        Volatile.Read(ref model)?.Detector.Abort();
    }

    /// <summary>False when it did not end in time.</summary>
    public bool Join() => thread?.Join(Patience) ?? true;

    private void Run()
    {
        LowestPriority.OfThisThread();
        using Heatmap heatmap = new();
        while (!orders.Ended)
        {
            if (!orders.TryTake(out Order? order, KeptFor)) Keep(null);
            else if (stop.IsCancellationRequested || order.Cancel.IsCancellationRequested) order.Done.TrySetCanceled();
            else Answer(order, heatmap);
        }
        Keep(null);
    }

    private void Answer(Order order, Heatmap heatmap)
    {
        try
        {
            order.Done.TrySetResult(Draw(order.Part, order.Recipe, heatmap));
        }
        catch (Exception e)
        {
            // Whatever is wrong with an old version ends this order alone; the next one begins with a session of its own.
            Keep(null);
            order.Done.TrySetException(e as EdgeException ?? new EdgeException(e.Message, e));
            _ = order.Done.Task.Exception;   // seen: whoever asked may have gone
        }
    }

    private byte[] Draw(PictureOfPart part, Recipe recipe, Heatmap heatmap)
    {
        ImageBuffer frame = new();
        ImageFile.Decode(part.Png, "the archive's picture", frame);
        LoadedModel mine = Loaded(recipe, part.Version);
        mine.Preprocessor.Apply(frame, mine.Detector.Input);
        double score = mine.Detector.Run(), scale = Math.Abs(mine.Calibration.Threshold - mine.Calibration.Normals.Mean);
        double allowed = Math.Max(ScoreTolerance * scale, 1e-5 * Math.Abs(part.Score));
        if (!(Math.Abs(score - part.Score) <= allowed))
            throw new EdgeException($"{recipe.Model} version {part.Version} gives this picture {score:G5} today, the line recorded {part.Score:G5}: the region, the mask or the version is not what it was, so its heatmap would not be what the line saw.");
        (byte[] rgb, float[] map, int width, int height) = FrameMap.Of(frame, mine.Manifest.Input, mine.Detector.Map, Side, mine.Calibration.HeatmapRange.Low);
        return heatmap.EncodeJpeg(rgb, map, width, height, mine.Calibration.HeatmapRange);
    }

    private LoadedModel Loaded(Recipe recipe, int version)
    {
        if (model is { } kept && kept.Name == recipe.Model && kept.Version == version && kept.Recipe == recipe) return kept;
        Keep(null);   // not two at a time
        try
        {
            LoadedModel loaded = loader.Load(recipe, version, stop.Token, shared: false);
            Keep(loaded);
            return loaded;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new EdgeException($"{recipe.Model} version {version}, which decided, can't be run any more: {e.Message}", e);
        }
    }

    private void Keep(LoadedModel? next)
    {
        model?.Dispose();
        Volatile.Write(ref model, next);
        if (stop.IsCancellationRequested) next?.Detector.Abort();
    }
}
