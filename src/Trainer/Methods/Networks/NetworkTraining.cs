using System.Diagnostics;
using System.Globalization;
using Edge.Training.Cli;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Networks;

/// <summary>
/// Trains a network with Adam: warm-up and cosine schedule, clipped gradients, a validation after every epoch, the best epoch kept, an early stop,
/// a checkpoint after every epoch. A loss or gradient that is not finite ends it with the best epoch so far. The order of pictures
/// depends on seed and epoch alone, so a resumed run equals an uninterrupted one.
/// </summary>
/// <param name="loss">Indices of pictures and number of the step → their mean loss, a scalar with gradient.</param>
/// <param name="validate">Loss on pictures that are not trained on; null = the last epoch is taken.</param>
/// <param name="fingerprint">What a checkpoint must agree with.</param>
internal sealed class NetworkTraining(nn.Module network, TrainingSchedule schedule, Func<int[], int, Tensor> loss, Func<double>? validate, string fingerprint)
{
    private const double LargestGradient = 1;    // L2 norm over all parameters
    private const double WeightDecay = 1e-5;     // FastFlow's

    /// <returns>What happened; the network is the best epoch's.</returns>
    /// <exception cref="EdgeException">It diverged before anything was learned.</exception>
    public Progressed Run(int pictures, Terminal terminal, CancellationToken cancellation)
    {
        using Adam optimizer = optim.Adam(network.parameters(), schedule.LearningRate, beta1: 0.9, beta2: 0.999, weight_decay: WeightDecay);
        NetworkState state = new(network, optimizer);
        Progressed progressed = schedule.Resume ? Progressed.Load(schedule.Checkpoint!, fingerprint, state) : new Progressed([], 0, double.PositiveInfinity, []);
        if (schedule.Resume) terminal.Line($"resumed after epoch {progressed.Epochs.Count}");
        int epochs = schedule.EpochsFor(pictures), steps = schedule.StepsPerEpoch(pictures);
        TimeSpan before = TimeSpan.FromSeconds(progressed.Epochs.Sum(e => e.Seconds));
        network.train();
        progressed = terminal.Progress("training", progress =>
        {
            for (int epoch = progressed.Epochs.Count + 1; epoch <= epochs && !Stalled(progressed, epochs); epoch++)
            {
                long started = Stopwatch.GetTimestamp();
                int[] order = [.. Enumerable.Range(0, pictures)];
                new Random(unchecked(schedule.Seed * 1_000_003 + epoch)).Shuffle(order);
                double sum = 0, rate = 0;
                int step = 0;
                for (; step < steps; step++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    int number = (epoch - 1) * steps + step;
                    (int done, int total) = schedule.Position(number, before + Stopwatch.GetElapsedTime(started), pictures);
                    if (done >= total) break;
                    rate = schedule.Rate(done, total);
                    int[] batch = order[(step * schedule.BatchSize)..Math.Min((step + 1) * schedule.BatchSize, pictures)];
                    double value = Step(optimizer, rate, batch, number);
                    if (!double.IsFinite(value)) return Diverged(progressed, epoch, step, terminal);
                    sum += value;
                    double perSecond = ((step + 1) * schedule.BatchSize) / Stopwatch.GetElapsedTime(started).TotalSeconds;
                    progress.Report((double)(done + 1) / total, string.Create(
                        CultureInfo.InvariantCulture, $"epoch {epoch}{(epochs == int.MaxValue ? "" : $" of {epochs}")}, loss {sum / (step + 1):0.0000}, {perSecond:0.0} pictures/s"));
                }
                if (step == 0) return progressed;   // the time was over between two epochs
                double? validation = Validate();
                if (validation is { } v && !double.IsFinite(v)) return Diverged(progressed, epoch, steps, terminal);
                EpochRecord record = new(epoch, sum / step, validation, rate, Stopwatch.GetElapsedTime(started).TotalSeconds, step);
                before += TimeSpan.FromSeconds(record.Seconds);
                progressed = progressed with { Epochs = [.. progressed.Epochs, record] };
                if (validation is null || validation < progressed.BestLoss)
                    progressed = progressed with { BestEpoch = epoch, BestLoss = validation ?? record.Loss, Best = state.Network() };
                if (schedule.Checkpoint is { } path) progressed.Save(path, fingerprint, state);
            }
            return progressed;
        });
        Dictionary<string, float[]> best = progressed.Best.ToDictionary(t => t.Name, t => t.Values);
        state.SetNetwork((name, _) => best[name]);
        network.eval();
        return progressed;
    }

    /// <returns>The loss, or NaN when it or the gradient is not finite; then nothing was changed.</returns>
    private double Step(Adam optimizer, double rate, int[] batch, int number)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (ParamGroup<Adam.Options> group in optimizer.ParamGroups.Cast<ParamGroup<Adam.Options>>()) group.LearningRate = rate;
        optimizer.zero_grad();
        Tensor value = loss(batch, number);
        double result = value.item<float>();
        if (!double.IsFinite(result)) return double.NaN;
        value.backward();
        if (!double.IsFinite(nn.utils.clip_grad_norm_(network.parameters(), LargestGradient))) return double.NaN;
        optimizer.step();
        return result;
    }

    private double? Validate()
    {
        if (validate is null) return null;
        using IDisposable inference = no_grad();
        network.eval();
        double result = validate();
        network.train();
        return result;
    }

    private bool Stalled(Progressed progressed, int epochs) =>
        validate is not null && progressed.Epochs.Count - progressed.BestEpoch >= Math.Max(schedule.Patience, epochs / 4.0);

    private static Progressed Diverged(Progressed progressed, int epoch, int step, Terminal terminal)
    {
        if (progressed.BestEpoch == 0) throw new EdgeException($"Training diverged in epoch {epoch}, step {step + 1}: the loss is not finite. Lower --learning-rate. Nothing was published.");
        terminal.Warn($"training diverged in epoch {epoch}, step {step + 1}; it ends with epoch {progressed.BestEpoch}, the best before");
        return progressed;
    }
}
