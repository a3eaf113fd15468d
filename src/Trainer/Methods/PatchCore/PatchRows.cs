using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Onnx;

namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// The first half of PatchCore's graph: picture → centred patch embeddings. Its values and constants have names, so that a package's own
/// graph can be asked for embeddings and continued with another memory bank.
/// </summary>
/// <param name="Patches">float32 [N·P, K]: the fine features beside the upsampled coarse ones, or their principal components.</param>
/// <param name="Fine">float32 [N·P, C2] and coarse [N·P3, C3]; null when embeddings are reduced.</param>
internal sealed record PatchRows(PatchGrid Grid, string Patches, FinePatches? Fine)
{
    private const string AllRows = "patches", FineRows = "patches_fine", CoarseRows = "patches_coarse",
        FineCentre = "centre_fine", CoarseCentre = "centre_coarse", FineComponents = "components_fine", CoarseComponents = "components_coarse";

    /// <summary>The values that the second half needs.</summary>
    public IReadOnlyList<string> Values => Fine is { } f ? [Patches, f.Rows, f.CoarseRows] : [Patches];

    public static PatchRows Add(GraphBuilder graph, Trunk trunk, InputSpec input, MemoryBank bank)
    {
        string image = graph.Input("image", 0, input.Height, input.Width, 3);
        IReadOnlyList<string> features = TrunkGraph.Add(graph, image, trunk);
        PatchGrid grid = PatchGrid.Of(trunk, input);
        int fine = trunk.Layer2.Channels, k = bank.Dimension;
        string fineRows = Features(graph, features[^2], FineCentre, bank.Centre.AsSpan(0, fine)), coarseRows = Features(graph, features[^1], CoarseCentre, bank.Centre.AsSpan(fine));
        grid.AddInterpolation(graph);
        if (bank.Components.Length > 0)
        {
            // W is linear, so it comes before the upsampling, on a quarter of the patches.
            string reducedFine = graph.Node("MatMul", [fineRows, graph.Constant(FineComponents, bank.Components.AsSpan(0, fine * k), fine, k)]);
            string reducedCoarse = graph.Node("MatMul", [coarseRows, graph.Constant(CoarseComponents, bank.Components.AsSpan(fine * k), bank.Centre.Length - fine, k)]);
            return new PatchRows(grid, graph.Named(AllRows, graph.Node("Add", [reducedFine, grid.Upsample(graph, reducedCoarse, k)])), null);
        }
        FinePatches both = new(graph.Named(FineRows, fineRows), graph.Named(CoarseRows, coarseRows), fine);
        return new PatchRows(grid, graph.Named(AllRows, graph.Node("Concat", [fineRows, grid.Upsample(graph, coarseRows, k - fine)], ("axis", 1))), both);
    }

    /// <summary>As <see cref="Add"/> wrote it.</summary>
    /// <exception cref="EdgeException">The graph has no such half: it is no PatchCore graph, or an older one.</exception>
    public static PatchRows Read(GraphFile file)
    {
        if (!file.Computes(AllRows)) throw new EdgeException("The package's graph does not say what its patch embeddings are: it was trained before extend existed. Train it again.");
        return new PatchRows(PatchGrid.Read(file), AllRows, file.HasConstant(FineComponents) ? null : new FinePatches(FineRows, CoarseRows, (int)file.ShapeOf(FineCentre)[0]));
    }

    /// <returns>float32 [D].</returns>
    public static float[] CentreOf(GraphFile file) => [.. file.Read<float>(FineCentre), .. file.Read<float>(CoarseCentre)];

    /// <returns>float32 [D, K], or empty.</returns>
    public static float[] ComponentsOf(GraphFile file) => file.HasConstant(FineComponents) ? [.. file.Read<float>(FineComponents), .. file.Read<float>(CoarseComponents)] : [];

    /// <summary>3×3 average, one row per patch, centred.</summary>
    private static string Features(GraphBuilder graph, string layer, string name, ReadOnlySpan<float> centre)
    {
        string average = graph.Node(
            "AveragePool", [layer], ("kernel_shape", new long[] { 3, 3 }), ("pads", new long[] { 1, 1, 1, 1 }), ("count_include_pad", 1));
        string last = graph.Node("Transpose", [average], ("perm", new long[] { 0, 2, 3, 1 }));
        return graph.Node("Sub", [graph.Node("Reshape", [last, graph.Integers(-1, centre.Length)]), graph.Constant(name, centre, centre.Length)]);
    }
}

/// <param name="Rows">float32 [N·P, C2], centred.</param>
/// <param name="CoarseRows">float32 [N·P3, C3], centred.</param>
/// <param name="Columns">C2.</param>
internal sealed record FinePatches(string Rows, string CoarseRows, int Columns);
