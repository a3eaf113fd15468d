using System.Globalization;
using Edge.Imaging;
using Edge.Packages;
using Edge.Training.Backbones;
using Edge.Training.Data;
using Edge.Training.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Imported;

/// <summary>
/// A detector that was trained elsewhere, as an ONNX network: its map and score, in a graph of our signature. Nothing is learnt. The graph is held against the original file,
/// which ONNX Runtime runs by itself on pictures that TorchSharp has normalised.
/// </summary>
internal sealed class ImportedMethod : DetectionMethod
{
    private const double SameAlone = 1e-3;   // of the largest value: a picture beside another

    private readonly OnnxTrunk network;
    private readonly TrunkNetwork original;
    private readonly bool scored;
    private readonly Dictionary<string, string> parameters;
    private bool single;   // it takes one picture at a time

    /// <param name="map">Output or inner value, [N, h, w] or [N, 1, h, w].</param>
    /// <param name="score">Output or inner value, [N] or [N, 1]; null = the largest value of the map.</param>
    /// <exception cref="EdgeException">The network can't be taken over; the message says why.</exception>
    public ImportedMethod(string path, string map, string? score, IReadOnlyList<float>? mean, IReadOnlyList<float>? deviation) : this(path, OnnxTrunk.Of(path, score is null ? [map] : [map, score], mean, deviation), score)
    {
    }

    private ImportedMethod(string path, OnnxTrunk network, string? score) : base(new BackboneInfo(Path.GetFileNameWithoutExtension(path), network.Network.Sha256))
    {
        (this.network, original, scored) = (network, new TrunkNetwork(network), score is not null);
        parameters = new()
        {
            ["network"] = network.Network.Name,
            ["map"] = network.Layers[0],
            ["score"] = score ?? "largest value of the map",
            ["mean"] = Text(network.Input.Mean),
            ["standardDeviation"] = Text(network.Input.StandardDeviation),
        };
    }

    /// <summary>The only size it takes; null = it has none.</summary>
    public (int Height, int Width)? OnlySize => network.FixedSize;

    public override string Name => "imported";

    public override bool Learns => false;

    public override IReadOnlyDictionary<string, string> Parameters => parameters;

    /// <summary>Runs the network once at this size: noise alone, and beside other noise.</summary>
    public override void CheckInput(InputSpec input)
    {
        network.CheckSize(input.Height, input.Width);
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(0);
        Tensor two = randint(0, 256, [2, input.Height, input.Width, 3], ScalarType.Byte, generator: generator);
        Tensor[] alone = original.Features(two[..1]);
        if (alone[0].shape is not ([1, > 0, > 0] or [1, 1, > 0, > 0])) throw Refused($"{network.Layers[0]} is [{string.Join(", ", alone[0].shape)}]; a map is [N, h, w] or [N, 1, h, w]");
        if (scored && alone[1].shape is not ([1] or [1, 1])) throw Refused($"{network.Layers[1]} is [{string.Join(", ", alone[1].shape)}]; a score is [N] or [N, 1]");
        single = !IsFree(two, alone);
        parameters["batch"] = single ? "1" : "any";
    }

    public override void Fit(IReadOnlyList<Picture> pictures, TrainingContext context)
    {
        if (single) context.Terminal.Warn($"{network.Network.Name} takes one picture at a time, and so does the package's graph; export it with a symbolic batch to inspect several at once.");
    }

    public override void Export(string path, InputSpec input)
    {
        GraphBuilder graph = new("imported");
        long pictures = single ? 1 : 0;
        string image = graph.Input("image", pictures, input.Height, input.Width, 3);
        IReadOnlyList<string> values = TrunkGraph.Add(graph, image, network);
        (long h, long w) = MapSize(input);
        string map = graph.Node("Reshape", [values[0], graph.Integers(-1, 1, h, w)]);
        string score = scored ? graph.Node("Reshape", [values[1], graph.Integers(-1)]) : graph.Node("ReduceMax", [map], ("axes", new long[] { 1, 2, 3 }), ("keepdims", 0));
        if ((h, w) != (input.Height, input.Width))
        {
            string scales = graph.Constant([1f, 1f, (float)input.Height / h, (float)input.Width / w], 4);
            map = graph.Node("Resize", [map, "", scales], ("mode", "linear"), ("coordinate_transformation_mode", "half_pixel"));
        }
        graph.Output("image_score", score, pictures);
        graph.Output("anomaly_map", graph.Node("Reshape", [map, graph.Integers(-1, input.Height, input.Width)]), pictures, input.Height, input.Width);
        graph.Save(path);
    }

    public override (Tensor Score, Tensor Map) Score(Tensor images)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor[] values = original.Features(images);
        Tensor map = values[0].reshape(images.shape[0], 1, values[0].shape[^2], values[0].shape[^1]).cpu();
        Tensor score = scored ? values[1].reshape(-1).cpu() : map.amax([1, 2, 3]);
        map = nn.functional.interpolate(map, [images.shape[1], images.shape[2]], mode: InterpolationMode.Bilinear, align_corners: false).squeeze(1);
        return (score.MoveToOuterDisposeScope(), map.contiguous().MoveToOuterDisposeScope());
    }

    public override void Dispose()
    {
        original.Dispose();
        base.Dispose();
    }

    // A batch that is fixed inside does not run with two pictures, or mixes them.
    private bool IsFree(Tensor two, Tensor[] alone)
    {
        try
        {
            return original.Features(two).Zip(alone).All(v => v.First.shape[0] == 2
                && (v.First[..1] - v.Second).abs().max().item<float>() <= SameAlone * Math.Max(v.Second.abs().max().item<float>(), float.Epsilon));
        }
        catch (EdgeException)
        {
            return false;
        }
    }

    private (long Height, long Width) MapSize(InputSpec input)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long[] shape = original.Features(zeros([1, input.Height, input.Width, 3], ScalarType.Byte))[0].shape;
        return (shape[^2], shape[^1]);
    }

    private EdgeException Refused(string why) => network.Network.Refused(why);

    private static string Text(IReadOnlyList<float> numbers) => string.Join(',', numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)));
}
