using Edge.Training.Backbones;

namespace Edge.Training.Methods.EfficientAd;

/// <summary>A convolution of stride 1 with bias; ReLU after all but the last; then 2×2/2 average pooling (one zero at each border counts) where it follows.</summary>
/// <param name="Padding">Zeros at each border.</param>
internal sealed record PdnLayer(int In, int Out, int Kernel, int Padding, bool Pool = false);

/// <summary>
/// Layers of a patch description network (EfficientAD, tables 6 and 7). Each output sees 33×33 pixels; cell (i, j) is centred on pixel
/// (4i, 4j), and H×W pixels give ⌈H/4⌉×⌈W/4⌉ cells: the paddings are the paper's, so defects at the picture's edge are seen.
/// </summary>
internal sealed record PdnShape(IReadOnlyList<PdnLayer> Layers)
{
    /// <summary>Channels of every layer's output in the paper; the last is what describes a patch.</summary>
    private static readonly int[] Small = [128, 256, 256, 384], Medium = [256, 512, 512, 512, 384, 384];

    public int Outputs => Layers[^1].Out;

    public string Size => Layers.Count == Small.Length ? "small" : "medium";

    /// <param name="size">small or medium.</param>
    /// <param name="width">Share of the paper's channels.</param>
    /// <exception cref="EdgeException">Another size or width.</exception>
    public static PdnShape Of(string size, double width)
    {
        int[] paper = size switch { "small" => Small, "medium" => Medium, _ => throw new EdgeException($"--size {size} is not known; there are: small, medium.") };
        if (width is not (>= 1.0 / 32 and <= 2)) throw new EdgeException($"--width {width} must be 0.03125 (1/32) to 2 times the paper's channels.");
        return Of(Array.ConvertAll(paper, c => Math.Max(1, (int)Math.Round(c * width))));
    }

    /// <summary>The network whose weights <paramref name="file"/> holds: conv1, conv2, …</summary>
    /// <exception cref="EdgeException">It holds no such network.</exception>
    public static PdnShape Of(Safetensors file)
    {
        int layers = file.Contains("conv6.weight") ? Medium.Length : Small.Length;
        return Of([.. Enumerable.Range(1, layers).Select(i => (int)file.ShapeOf($"conv{i}.weight", rank: 4)[0])]);
    }

    /// <summary>The same network with another number of outputs: a student describes patches for teacher and autoencoder.</summary>
    public PdnShape WithOutputs(int outputs) => new([.. Layers.SkipLast(1), Layers[^1] with { Out = outputs }]);

    private static PdnShape Of(int[] c) => new(c.Length == Small.Length
        ?
        [
            new(3, c[0], 4, 3, Pool: true),
            new(c[0], c[1], 4, 3, Pool: true),
            new(c[1], c[2], 3, 1),
            new(c[2], c[3], 4, 0),
        ]
        :
        [
            new(3, c[0], 4, 3, Pool: true),
            new(c[0], c[1], 4, 3, Pool: true),
            new(c[1], c[2], 1, 0),
            new(c[2], c[3], 3, 1),
            new(c[3], c[4], 4, 0),
            new(c[4], c[5], 1, 0),
        ]);
}
