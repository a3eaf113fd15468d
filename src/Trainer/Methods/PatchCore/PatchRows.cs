using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Onnx;

namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// The first half of PatchCore's graph: picture → centred patch embeddings. Its values and constants have names, so that a package's own
/// graph can be asked for embeddings and continued with another memory bank.
/// </summary>
/// <param name="Patches">float32 [N·P, D]: the fine features beside the upsampled coarse ones.</param>
/// <param name="Fine">float32 [N·P, C2].</param>
/// <param name="Coarse">float32 [N·P3, C3].</param>
/// <param name="FineColumns">C2.</param>
internal sealed record PatchRows(PatchGrid Grid, string Patches, string Fine, string Coarse, int FineColumns)
{
    private const string AllRows = "patches", FineRows = "patches_fine", CoarseRows = "patches_coarse", FineCentre = "centre_fine", CoarseCentre = "centre_coarse";

    /// <summary>The values that the second half needs.</summary>
    public static IReadOnlyList<string> Values { get; } = [AllRows, FineRows, CoarseRows];

    public static PatchRows Add(GraphBuilder graph, Trunk trunk, InputSpec input, MemoryBank bank)
    {
        string image = graph.Input("image", 0, input.Height, input.Width, 3);
        IReadOnlyList<string> features = TrunkGraph.Add(graph, image, trunk);
        PatchGrid grid = PatchGrid.Of(trunk, input);
        int fine = trunk.Layer2.Channels;
        string fineRows = graph.Named(FineRows, Features(graph, features[^2], FineCentre, bank.Centre.AsSpan(0, fine)));
        string coarseRows = graph.Named(CoarseRows, Features(graph, features[^1], CoarseCentre, bank.Centre.AsSpan(fine)));
        grid.AddInterpolation(graph);
        string patches = graph.Named(AllRows, graph.Node("Concat", [fineRows, grid.Upsample(graph, coarseRows, bank.Dimension - fine)], ("axis", 1)));
        return new PatchRows(grid, patches, fineRows, coarseRows, fine);
    }

    /// <summary>As <see cref="Add"/> wrote it.</summary>
    /// <exception cref="EdgeException">The graph has no such half: it is no PatchCore graph, or an older one.</exception>
    public static PatchRows Read(GraphFile file)
    {
        if (!Values.All(file.Computes)) throw new EdgeException("The package's graph does not say what its patch embeddings are: it is not PatchCore's, or was trained before extend existed. Train it again.");
        return new PatchRows(PatchGrid.Read(file), AllRows, FineRows, CoarseRows, (int)file.ShapeOf(FineCentre)[0]);
    }

    /// <returns>float32 [D].</returns>
    public static float[] CentreOf(GraphFile file) => [.. file.Read<float>(FineCentre), .. file.Read<float>(CoarseCentre)];

    /// <summary>3×3 average, one row per patch, centred.</summary>
    private static string Features(GraphBuilder graph, string layer, string name, ReadOnlySpan<float> centre)
    {
        string average = graph.Node(
            "AveragePool", [layer], ("kernel_shape", new long[] { 3, 3 }), ("pads", new long[] { 1, 1, 1, 1 }), ("count_include_pad", 1));
        string last = graph.Node("Transpose", [average], ("perm", new long[] { 0, 2, 3, 1 }));
        return graph.Node("Sub", [graph.Node("Reshape", [last, graph.Integers(-1, centre.Length)]), graph.Constant(name, centre, centre.Length)]);
    }
}
