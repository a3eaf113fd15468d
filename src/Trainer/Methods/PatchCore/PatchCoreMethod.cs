using System.Globalization;
using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Data;
using Edge.Training.Thresholds;
using TorchSharp;

namespace Edge.Training.Methods.PatchCore;

/// <summary>PatchCore (Roth et al., arXiv 2106.08265): a memory bank of patch embeddings of normal parts, scored by nearest neighbour.</summary>
internal sealed class PatchCoreMethod(Backbone backbone, PatchCoreOptions options) : DetectionMethod(backbone.Info)
{
    private const int SmallestSide = 32;   // the map's Gaussian mirrors 16 pixels at the edges

    private readonly Dictionary<string, string> parameters = new()
    {
        ["layers"] = $"{backbone.Trunk.Layer2.Name}+{backbone.Trunk.Layer3.Name}",
        ["neighbourhood"] = Text(PatchEmbedding.Neighbourhood),
        ["sampling"] = options.Sampling.ToString().ToLowerInvariant(),
        ["coreset"] = options.CoresetRatio.ToString(CultureInfo.InvariantCulture),
        ["memoryBytes"] = Text(options.MemoryBytes),
        ["maxPatches"] = Text(options.MaxPatches),
        ["projection"] = Text(PatchCoreOptions.Projection),
        ["smoothingSigma"] = MapSmoothing.Sigma.ToString(CultureInfo.InvariantCulture),
        ["neighbours"] = Text(options.NeighboursKept),
        ["reweighting"] = options.Reweighting ? "on" : "off",
        ["bank"] = options.Bank.ToString().ToLowerInvariant(),
        ["components"] = options is { Components: null, Variance: null } ? "all" : "",
        ["seed"] = Text(options.Seed),
    };

    private PatchSample? few;   // of pictures so few that LeaveOneOut may be asked for
    private MemoryBank? bank;
    private int[] picks = [];
    private PatchCoreModel? model;

    public Trunk Trunk => backbone.Trunk;

    public override string Name => "patchcore";

    public override IReadOnlyDictionary<string, string> Parameters => parameters;

    public override void CheckInput(InputSpec input)
    {
        foreach (int side in (int[])[input.Width, input.Height])
            if ((side % 8 != 0 && backbone.Trunk is OperatorTrunk) || side < SmallestSide)
                throw new EdgeException($"PatchCore needs a size that is a multiple of 8 and at least {SmallestSide}; {side} is not. Use --size {Math.Max(SmallestSide, (side + 4) / 8 * 8)}.");
        backbone.Trunk.GridsOf(input.Height, input.Width);
    }

    public override void Fit(IReadOnlyList<Picture> pictures, TrainingContext context)
    {
        PatchSample sample = PatchCoreTraining.Embed(backbone.Trunk, pictures, options, context);
        if (sample.Count < sample.Seen)
            context.Terminal.Line($"{sample.Count:N0} of {sample.Seen:N0} patches sampled, an even share of each picture (--max-patches {options.MaxPatches})");
        bank = PatchCoreTraining.Select(sample, options, context, out picks);
        few = pictures.Count <= FewNormals.MostPictures ? sample : null;
        context.Terminal.Line($"memory bank: {bank.Count:N0} of {sample.Count:N0} patches × {bank.Dimension} {parameters["bank"]}, {bank.Bytes / 1048576.0:0.0} MiB");
        parameters["patchesSeen"] = Text(sample.Seen);
        parameters["patchesSampled"] = Text(sample.Count);
        parameters["bankRows"] = Text(bank.Count);
        parameters["dimension"] = Text(bank.Dimension);
        if (bank.Components.Length > 0) parameters["components"] = Text(bank.Dimension);
    }

    public override bool LeavesOneOut => true;

    /// <param name="pictures">All that <see cref="Fit"/> was given, in the same order; those it could not read are missing here too.</param>
    public override IEnumerable<(float Score, float[] Map)> LeaveOneOut(IReadOnlyList<LoadedPicture> pictures, TrainingContext context)
    {
        PatchSample sample = few is { } s && s.Pictures == pictures.Count ? s : throw new InvalidOperationException($"Not the few pictures it was fitted to: {pictures.Count}.");
        if (pictures.Count == 1)
        {
            foreach (LoadedPicture copy in AlteredCopies.Of(pictures[0], context.Input)) yield return ScoreOf(Model, copy, context);
            yield break;
        }
        for (int i = 0; i < pictures.Count; i++)
        {
            using PatchCoreModel others = new(backbone.Trunk, PatchCoreTraining.Select(sample.Without(i), options, context));
            yield return ScoreOf(others, pictures[i], context);
        }
    }

    private static (float Score, float[] Map) ScoreOf(PatchCoreModel model, LoadedPicture picture, TrainingContext context)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        (torch.Tensor score, torch.Tensor map) = model.Score(PatchCoreTraining.Images([picture], context.Input));
        return (score.item<float>(), map.Values<float>());
    }

    /// <summary>A bank of the same patches as the rounded graph embeds them: otherwise rounding would add to every distance.</summary>
    public override void Relearn(string path, IReadOnlyList<Picture> pictures, TrainingContext context)
    {
        using PackagedPatchCore graph = new(path, context.Input, parameters, options.Threads);
        PatchSample sample = BankExtension.Embed(graph, pictures, context);
        graph.Save(graph.Bank.Replaced(sample.Pick(picks), options.NeighboursKept, context.Cancellation), path);
    }

    public override void Export(string path, InputSpec input) => new PatchCoreExport(backbone.Trunk, Fitted, input).Save(path);

    public override (torch.Tensor Score, torch.Tensor Map) Score(torch.Tensor images) => Model.Score(images);

    public override void Dispose()
    {
        model?.Dispose();
        base.Dispose();
    }

    private PatchCoreModel Model => model ??= new PatchCoreModel(backbone.Trunk, Fitted);

    private MemoryBank Fitted => bank ?? throw new InvalidOperationException("Fit comes first.");

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
