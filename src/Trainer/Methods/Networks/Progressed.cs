using System.Globalization;
using System.Text.Json;
using Edge.Training.Backbones;
using Tensors = System.Collections.Generic.IReadOnlyList<(string Name, long[] Shape, float[] Values)>;

namespace Edge.Training.Methods.Networks;

/// <summary>Where training stands between two epochs, as a safetensors file: numbers and text, nothing that could run.</summary>
/// <param name="BestEpoch">0 = none yet.</param>
/// <param name="BestLoss">Its validation loss.</param>
/// <param name="Best">The network after it; empty when there is none.</param>
internal sealed record Progressed(IReadOnlyList<EpochRecord> Epochs, int BestEpoch, double BestLoss, Tensors Best)
{
    /// <param name="fingerprint">Data, options and backbone: a run can't go on as another.</param>
    public void Save(string path, string fingerprint, NetworkState state) => SafetensorsWriter.Write(
        path,
        new Dictionary<string, string>
        {
            ["fingerprint"] = fingerprint,
            ["epochs"] = JsonSerializer.Serialize([.. Epochs], TrainingCurveJson.Default.ListEpochRecord),
            ["bestEpoch"] = BestEpoch.ToString(CultureInfo.InvariantCulture),
            ["bestLoss"] = BestLoss.ToString("R", CultureInfo.InvariantCulture),
            ["steps"] = state.Steps.ToString(CultureInfo.InvariantCulture),
        },
        [.. state.Network(), .. state.Moments(), .. Best.Select(t => ($"best.{t.Name}", t.Shape, t.Values))]);

    /// <summary>Puts network and optimiser where they were.</summary>
    /// <exception cref="EdgeException">No such file, not a checkpoint, or of another run.</exception>
    public static Progressed Load(string path, string fingerprint, NetworkState state)
    {
        if (!File.Exists(path)) throw new EdgeException($"There is no checkpoint {path} to resume from; leave --resume away to begin.");
        Safetensors file = Safetensors.Open(path);
        if (Text("fingerprint") is var saved && saved != fingerprint)
            throw new EdgeException($"The checkpoint {path} belongs to another run; it can't be resumed with these options and pictures.\n  it was: {saved}\n  now:    {fingerprint}");
        try
        {
            List<EpochRecord> epochs = JsonSerializer.Deserialize(Text("epochs"), TrainingCurveJson.Default.ListEpochRecord) ?? [];
            int best = int.Parse(Text("bestEpoch"), CultureInfo.InvariantCulture);
            state.SetNetwork((name, shape) => file.Read(name, shape));
            state.SetMoments((name, shape) => file.Read(name, shape));
            state.Steps = long.Parse(Text("steps"), CultureInfo.InvariantCulture);
            Tensors network = best == 0 ? [] : [.. state.Network().Select(t => (t.Name, t.Shape, file.Read($"best.{t.Name}", t.Shape)))];
            return new Progressed(epochs, best, double.Parse(Text("bestLoss"), CultureInfo.InvariantCulture), network);
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException)
        {
            throw new EdgeException($"The checkpoint {path} is damaged: {e.Message}", e);
        }

        string Text(string key) => file.Metadata.TryGetValue(key, out string? value) ? value : throw new EdgeException($"{path} is not a checkpoint: it has no {key}.");
    }
}
