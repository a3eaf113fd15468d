using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Onnx;

namespace Edge.Training.Methods.PatchCore;

/// <summary>Rows and columns of patches, and of the coarser features they are interpolated from.</summary>
internal sealed record PatchGrid(int Height, int Width, int CoarseHeight, int CoarseWidth)
{
    private const string Tall = "upsample_rows", Wide = "upsample_columns";

    public int Patches => Height * Width;

    public static PatchGrid Of(Trunk trunk, InputSpec input) =>
        trunk.GridsOf(input.Height, input.Width) is [.., var fine, var coarse] ? new(fine.Height, fine.Width, coarse.Height, coarse.Width) : throw new ArgumentException("Two features are needed.", nameof(trunk));

    public static PatchGrid Read(GraphFile file) => (file.ShapeOf(Tall), file.ShapeOf(Wide)) is ([var h, var h3], [var w, var w3])
        ? new((int)h, (int)w, (int)h3, (int)w3) : throw new EdgeException("The package's graph has no grid of patches.");

    public void AddInterpolation(GraphBuilder graph)
    {
        graph.Constant(Tall, [.. MapSmoothing.Upsampling(CoarseHeight, Height).Select(v => (float)v)], Height, CoarseHeight);
        graph.Constant(Wide, [.. MapSmoothing.Upsampling(CoarseWidth, Width).Select(v => (float)v)], Width, CoarseWidth);
    }

    /// <summary>Bilinear upsampling of [N·P3, columns] to [N·P, columns]: a matrix for the rows of the grid, then one for its columns.</summary>
    public string Upsample(GraphBuilder graph, string values, int columns)
    {
        string tall = graph.Node("MatMul", [Tall, graph.Node("Reshape", [values, graph.Integers(-1, CoarseHeight, CoarseWidth * columns)])]);
        string wide = graph.Node("MatMul", [Wide, graph.Node("Reshape", [tall, graph.Integers(-1, CoarseWidth, columns)])]);
        return graph.Node("Reshape", [wide, graph.Integers(-1, columns)]);
    }
}
