using System.Globalization;
using Edge.Training.Onnx;

namespace Edge.Training.Backbones;

/// <summary>A custom network as trunk: some of its values are the features. It stays frozen, and is merged into the exported graph.</summary>
internal sealed class OnnxTrunk : Trunk
{
    private const int ProbeSide = 256;   // where the network takes any size
    private const double SameAlone = 1e-3;

    public OnnxNetwork Network { get; }

    public IReadOnlyList<string> Layers { get; }

    public override (int Height, int Width)? FixedSize => Network.Size is ({ } height, { } width) ? (height, width) : null;

    private OnnxTrunk(OnnxNetwork network, Normalisation input, IReadOnlyList<TrunkFeature> features) : base($"ONNX network {network.Name}", input, features) =>
        (Network, Layers) = (network, [.. features.Select(f => f.Name)]);

    /// <param name="layers">Names of outputs or of values inside the network; put in order here.</param>
    /// <param name="mean">As in <see cref="Normalisation"/>; null = the network's metadata, or ImageNet's.</param>
    /// <exception cref="EdgeException">The network can't be a trunk; the message says why.</exception>
    public static OnnxTrunk Open(string path, IReadOnlyList<string> layers, IReadOnlyList<float>? mean, IReadOnlyList<float>? deviation)
    {
        OnnxNetwork network = new(path);
        if (layers.Count is < 2 or > 4 || layers.Distinct().Count() != layers.Count)
            throw network.Refused($"--layers names {layers.Count} values; name two to four different feature maps, e.g. --layers {string.Join(',', network.Outputs.Append("NAME").Append("NAME").Take(2))}");
        (int height, int width) = (network.Size.Height ?? ProbeSide, network.Size.Width ?? ProbeSide);
        using OnnxSession session = new(network, layers);
        (string Name, long[] Shape)[] found = [.. layers.Zip(Probe(network, layers, session, height, width)).OrderByDescending(f => f.Second[2] * f.Second[3])];
        return new OnnxTrunk(network, NormalisationOf(network, mean, deviation), [.. found.Select(f => new TrunkFeature(f.Name, (int)f.Shape[1]))]);
    }

    /// <summary>A network whose values are taken as they are: not checked to be feature maps, nor put in order.</summary>
    /// <exception cref="EdgeException">The network can't be taken over.</exception>
    public static OnnxTrunk Of(string path, IReadOnlyList<string> values, IReadOnlyList<float>? mean, IReadOnlyList<float>? deviation)
    {
        OnnxNetwork network = new(path);
        return new OnnxTrunk(network, NormalisationOf(network, mean, deviation), [.. values.Select(v => new TrunkFeature(v, 1))]);
    }

    /// <exception cref="EdgeException">It takes another size only.</exception>
    public void CheckSize(int height, int width) => CheckSize(Network, height, width);

    private static void CheckSize(OnnxNetwork network, int height, int width)
    {
        if ((network.Size.Height ?? height, network.Size.Width ?? width) != (height, width))
            throw network.Refused($"it takes {network.Size.Width}×{network.Size.Height} pictures; use --size {network.Size.Width}x{network.Size.Height}");
    }

    private static Normalisation NormalisationOf(OnnxNetwork network, IReadOnlyList<float>? mean, IReadOnlyList<float>? deviation) => new(
        mean ?? Numbers(network, "mean") ?? Normalisation.ImageNet.Mean, deviation ?? Numbers(network, "std") ?? Normalisation.ImageNet.StandardDeviation);

    public override IReadOnlyList<Grid> GridsOf(int height, int width)
    {
        using OnnxSession session = new(Network, Layers);
        return [.. Probe(Network, Layers, session, height, width).Select(s => new Grid((int)s[2], (int)s[3]))];
    }

    // Noise, once alone and once as one of two: a network with a fixed batch inside does not run, or mixes the pictures.
    private static long[][] Probe(OnnxNetwork network, IReadOnlyList<string> layers, OnnxSession session, int height, int width)
    {
        CheckSize(network, height, width);
        Random random = new(0);
        float[] two = new float[2 * 3 * height * width];
        foreach (ref float value in two.AsSpan()) value = random.NextSingle() * 4 - 2;
        IReadOnlyList<(long[] Shape, float[] Values)> alone = session.Run(two[..(two.Length / 2)], 1, height, width), both = session.Run(two, 2, height, width);
        for (int i = 0; i < layers.Count; i++)
        {
            if (alone[i].Shape is not [1, > 0 and <= 1 << 16, > 0, > 0]) throw network.Refused($"{layers[i]} is [{string.Join(", ", alone[i].Shape)}]; a feature map is [N, C, h, w]");
            float largest = alone[i].Values.Max(Math.Abs);
            if (both[i].Shape[0] != 2 || alone[i].Values.Zip(both[i].Values).Any(v => !(Math.Abs(v.First - v.Second) <= SameAlone * largest)))
                throw network.Refused("it does not take several pictures at once. Export it with a symbolic batch (dynamic_axes={'input': {0: 'N'}})");
        }
        return [.. alone.Select(a => a.Shape)];
    }

    private static float[]? Numbers(OnnxNetwork network, string key) => !network.Metadata.TryGetValue(key, out string? text) ? null
        : text.Trim('[', ']').Split(',') is [var r, var g, var b] && Number(r) is { } red && Number(g) is { } green && Number(b) is { } blue ? [red, green, blue]
        : throw network.Refused($"its metadata {key} is '{text}'; three numbers are expected: R,G,B over 255");

    private static float? Number(string text) => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float number) && float.IsFinite(number) ? number : null;
}
