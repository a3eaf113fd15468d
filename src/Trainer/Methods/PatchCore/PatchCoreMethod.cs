using System.Globalization;
using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Data;
using TorchSharp;

namespace Edge.Training.Methods.PatchCore;

/// <summary>PatchCore (Roth et al., arXiv 2106.08265): a memory bank of patch embeddings of normal parts, scored by nearest neighbour.</summary>
internal sealed class PatchCoreMethod(Backbone backbone, PatchCoreOptions options) : DetectionMethod(backbone)
{
    private const int SmallestSide = 32;   // the map's Gaussian mirrors 16 pixels at the edges

    private readonly Dictionary<string, string> parameters = new()
    {
        ["layers"] = $"{backbone.Trunk.Layer2.Name}+{backbone.Trunk.Layer3.Name}",
        ["neighbourhood"] = Text(PatchEmbedding.Neighbourhood),
        ["coreset"] = options.CoresetRatio.ToString(CultureInfo.InvariantCulture),
        ["memoryBytes"] = Text(options.MemoryBytes),
        ["maxPatches"] = Text(options.MaxPatches),
        ["projection"] = Text(PatchCoreOptions.Projection),
        ["smoothingSigma"] = MapSmoothing.Sigma.ToString(CultureInfo.InvariantCulture),
        ["seed"] = Text(options.Seed),
    };

    private MemoryBank? bank;
    private PatchCoreModel? model;

    public override string Name => "patchcore";

    public override IReadOnlyDictionary<string, string> Parameters => parameters;

    public override void CheckInput(InputSpec input)
    {
        foreach (int side in (int[])[input.Width, input.Height])
            if (side % 8 != 0 || side < SmallestSide)
                throw new EdgeException($"PatchCore needs a size that is a multiple of 8 and at least {SmallestSide}; {side} is not. Use --size {Math.Max(SmallestSide, (side + 4) / 8 * 8)}.");
    }

    public override void Fit(IReadOnlyList<Picture> pictures, TrainingContext context)
    {
        PatchSample sample = PatchCoreTraining.Embed(Backbone.Trunk, pictures, options, context);
        if (sample.Count < sample.Seen)
            context.Terminal.Line($"{sample.Count:N0} of {sample.Seen:N0} patches sampled, an even share of each picture (--max-patches {options.MaxPatches})");
        bank = PatchCoreTraining.Select(sample, options, context);
        context.Terminal.Line($"memory bank: {bank.Count:N0} of {sample.Count:N0} patches × {bank.Dimension}, {bank.Count * MemoryBank.BytesPerRow(bank.Dimension) / 1048576.0:0.0} MiB");
        parameters["patchesSeen"] = Text(sample.Seen);
        parameters["patchesSampled"] = Text(sample.Count);
        parameters["bankRows"] = Text(bank.Count);
        parameters["dimension"] = Text(bank.Dimension);
        parameters["neighbours"] = Text(bank.NeighbourCount);
    }

    public override void Export(string path, InputSpec input) => new PatchCoreExport(Backbone.Trunk, Fitted, input).Save(path);

    public override (torch.Tensor Score, torch.Tensor Map) Score(torch.Tensor images) => (model ??= new PatchCoreModel(Backbone.Trunk, Fitted)).Score(images);

    public override void Dispose()
    {
        model?.Dispose();
        base.Dispose();
    }

    private MemoryBank Fitted => bank ?? throw new InvalidOperationException("Fit comes first.");

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
