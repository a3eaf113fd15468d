using System.Globalization;
using Edge.Packages;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Distillation;

/// <summary>From photographs and a trunk to the weights of a smaller network. Held-out photographs choose the state that is kept.</summary>
internal sealed class DistillRun(DistillOptions options, TrainingSchedule schedule, BackboneInfo teacher, TrunkNetwork trunk, DistilledNetwork network, Terminal terminal, TimeProvider time, CancellationToken cancellation)
{
    private const double HeldOut = 0.04;        // of the photographs, by content
    private const int StatisticsBatches = 16;   // crops that the targets' mean and deviation come from: so many batches

    /// <returns>Unexplained share of the standardised features on held-out photographs.</returns>
    /// <exception cref="EdgeException">The photographs, the options or the disk do not allow it.</exception>
    public double Execute()
    {
        Photographs photographs = Photographs.Open(options.Photographs, terminal, cancellation);
        Split split = photographs.Pictures.Count < 2 ? throw new EdgeException($"{options.Photographs} has one photograph; some are needed to learn from and some to judge by.")
            : Split.Of(photographs.Pictures, HeldOut);
        terminal.Line($"{teacher.Name} → {network.Title}: {network.parameters().Sum(p => p.numel()):N0} parameters, {split.Training.Count} photographs to learn from, {split.Calibration.Count} to judge by");
        string fingerprint = string.Join("; ", "distill", network.Title, $"crop {options.Crop}", Invariant($"batch {schedule.BatchSize}"), Invariant($"learningRate {schedule.LearningRate}"),
            Invariant($"seed {options.Seed}"), Invariant($"length {schedule.Length}"), $"teacher {teacher.Sha256[..16]}", $"photographs {photographs.Digest[..16]}");
        if (!schedule.Resume) terminal.Progress("standardising", progress =>
        {
            network.Standardise(trunk, Enumerable.Range(0, StatisticsBatches).Select(i =>
            {
                progress.Report((double)i / StatisticsBatches);
                return Crops(photographs, split.Training, [.. Enumerable.Range(0, schedule.BatchSize).Select(k => (i * schedule.BatchSize + k) % split.Training.Count)], draw: -1 - i);
            }));
            return 0;
        });
        Progressed trained = new NetworkTraining(network, schedule, (batch, step) => network.Loss(trunk, Crops(photographs, split.Training, batch, step)),
            () => Judge(photographs, split.Calibration), fingerprint).Run(split.Training.Count, terminal, cancellation);
        SafetensorsWriter.Write(options.Out, Provenance(photographs, trained), network.Weights());
        return trained.BestLoss;
    }

    private double Judge(Photographs photographs, IReadOnlyList<Picture> heldOut)
    {
        double sum = 0;
        foreach (int[] batch in Enumerable.Range(0, heldOut.Count).Chunk(schedule.BatchSize))
        {
            using DisposeScope scope = NewDisposeScope();
            sum += network.Loss(trunk, Crops(photographs, heldOut, batch, draw: 0)).item<float>() * batch.Length;
        }
        return sum / heldOut.Count;
    }

    /// <summary>Crops depend on seed, photograph and <paramref name="draw"/> alone, so a resumed run sees what an uninterrupted one would.</summary>
    /// <returns>uint8 [N, 2S, 2S, 3].</returns>
    private Tensor Crops(Photographs photographs, IReadOnlyList<Picture> pictures, int[] batch, int draw)
    {
        int side = 2 * options.Crop;
        byte[] bytes = new byte[batch.Length * side * side * 3];
        for (int i = 0; i < batch.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            Random random = new(HashCode(options.Seed, batch[i], draw));
            photographs.Crop(pictures[batch[i]], side, random).CopyTo(bytes.AsSpan(i * side * side * 3));
        }
        return from_array(bytes).reshape(batch.Length, side, side, 3);
    }

    private static int HashCode(int seed, int picture, int draw) => unchecked((seed * 1_000_003 + picture) * 1_000_033 + draw * 65_537);

    private Dictionary<string, string> Provenance(Photographs photographs, Progressed trained) => new()
    {
        ["network"] = network.Title,
        ["teacher"] = teacher.Name,
        ["teacherSha256"] = teacher.Sha256,
        ["photographs"] = Invariant($"{photographs.Pictures.Count}"),
        ["photographsDigest"] = photographs.Digest,
        ["crop"] = Invariant($"{options.Crop}"),
        ["batch"] = Invariant($"{schedule.BatchSize}"),
        ["learningRate"] = Invariant($"{schedule.LearningRate}"),
        ["steps"] = Invariant($"{trained.Epochs.Sum(e => e.Steps)}"),
        ["seconds"] = Invariant($"{trained.Epochs.Sum(e => e.Seconds):F0}"),
        ["seed"] = Invariant($"{options.Seed}"),
        ["heldOutLoss"] = Invariant($"{trained.BestLoss:G6}"),
        ["date"] = time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
    };

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
