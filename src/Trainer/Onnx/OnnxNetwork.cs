using System.Security.Cryptography;
using Edge.Training.Onnx.Proto;
using Google.Protobuf;

namespace Edge.Training.Onnx;

/// <summary>
/// A network that a user brings as an ONNX file: one float32 input [N, 3, H, W]. It is run as it is (cut at the wanted values), and merged into graphs of ours.
/// </summary>
internal sealed class OnnxNetwork
{
    private const long LargestFile = 1L << 30;
    private const int OldestOpset = 13, NewestOpset = 21;   // from 13 on axes are inputs; 21 belongs to IR 10
    private const string Prefix = "network/";               // of all names in a merged graph

    private readonly ModelProto model;

    /// <summary>For messages: the file's name.</summary>
    public string Name { get; }

    public string Sha256 { get; }

    public string Input { get; }

    /// <summary>Rows and columns it takes; null where any.</summary>
    public (int? Height, int? Width) Size { get; }

    public IReadOnlyList<string> Outputs { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <exception cref="EdgeException">Missing, damaged, or not a network that can be taken over; the message says what to do.</exception>
    public OnnxNetwork(string path)
    {
        Name = Path.GetFileName(path);
        byte[] bytes = Read(path);
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        try
        {
            model = ModelProto.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new EdgeException($"{path} is not an ONNX network, or is cut off: {e.Message}", e);
        }
        if (model.Graph is null || model.Graph.Node.Count == 0) throw new EdgeException($"{path} is not an ONNX network: it holds no graph.");
        CheckWhole();
        HashSet<string> weights = [.. model.Graph.Initializer.Select(t => t.Name)];
        ValueInfoProto[] inputs = [.. model.Graph.Input.Where(i => !weights.Contains(i.Name))];
        if (inputs.Length != 1) throw Refused($"it has {inputs.Length} inputs ({string.Join(", ", inputs.Select(i => i.Name))}); a network of one picture has one");
        (Input, Size) = (inputs[0].Name, SizeOf(inputs[0]));
        Outputs = [.. model.Graph.Output.Select(o => o.Name)];
        Metadata = model.MetadataProps.GroupBy(p => p.Key).ToDictionary(g => g.Key, g => g.Last().Value);
    }

    /// <exception cref="EdgeException">No output or inner value has this name.</exception>
    public void Require(IEnumerable<string> values)
    {
        HashSet<string> known = [.. model.Graph.Node.SelectMany(n => n.Output)];
        foreach (string value in values)
        {
            if (known.Contains(value)) continue;
            string[] alike = [.. known.Where(k => k.Contains(value, StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).Take(8)];
            throw Refused($"nothing in it is called '{value}'; its outputs are {string.Join(", ", Outputs)}{(alike.Length > 0 ? $"; alike: {string.Join(", ", alike)}" : "")}");
        }
    }

    /// <summary>The same network with these values as its only outputs, and any number of pictures as input.</summary>
    public byte[] Cut(IReadOnlyList<string> values)
    {
        (IReadOnlyList<NodeProto> nodes, IReadOnlyList<TensorProto> weights) = GraphCut.UpTo(model.Graph, values);
        GraphProto graph = new() { Name = model.Graph.Name, Node = { nodes }, Initializer = { weights } };
        ValueInfoProto input = model.Graph.Input.First(i => i.Name == Input).Clone();
        input.Type.TensorType.Shape.Dim[0] = new TensorShapeProto.Types.Dimension { DimParam = "N" };
        graph.Input.Add(input);
        // Neither type nor shape: ONNX Runtime infers them.
        graph.Output.Add(values.Select(v => new ValueInfoProto { Name = v }));
        ModelProto cut = new() { IrVersion = model.IrVersion, ProducerName = "edge-trainer", Graph = graph, OpsetImport = { model.OpsetImport } };
        return cut.ToByteArray();
    }

    /// <summary>Adds the network to a graph of ours.</summary>
    /// <param name="image">float32 [N, 3, H, W], normalised.</param>
    /// <returns>The wanted values, by their names in that graph.</returns>
    public IReadOnlyList<string> AddTo(GraphBuilder target, string image, IReadOnlyList<string> values)
    {
        (IReadOnlyList<NodeProto> nodes, IReadOnlyList<TensorProto> weights) = GraphCut.UpTo(model.Graph, values);
        string Rename(string name) => name.Length == 0 ? name : name == Input ? image : Prefix + name;
        target.Merge([.. nodes.Select(n => Renamed(n, Rename))], [.. weights.Select(w => Renamed(w, Rename))], model.OpsetImport);
        return [.. values.Select(Rename)];
    }

    public EdgeException Refused(string why) => new($"Network {Name} is refused: {why}.");

    private static byte[] Read(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists) throw new EdgeException($"{path} does not exist.");
            if (file.Length > LargestFile) throw new EdgeException($"{path} has {file.Length} bytes; more than {LargestFile} is refused.");
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private void CheckWhole()
    {
        long opset = model.OpsetImport.FirstOrDefault(o => o.Domain is "" or "ai.onnx")?.Version ?? 0;
        if (opset is < OldestOpset or > NewestOpset)
            throw Refused($"it uses opset {opset}; {OldestOpset} to {NewestOpset} can be taken over. Export it again with opset 17 (torch.onnx.export(…, opset_version=17)), or convert it with onnx.version_converter");
        if (opset < 16 && model.Graph.Node.Any(n => n.OpType == "RoiAlign")) throw Refused("RoiAlign means something else since opset 16. Export it again with opset 17");
        if (model.Functions.Count > 0) throw Refused("it has functions of its own. Export it without (onnx.inliner.inline_local_functions)");
        if (model.Graph.SparseInitializer.Count > 0) throw Refused("it has sparse weights");
        if (TensorsOf(model.Graph).Any(t => t.DataLocation == TensorProto.Types.DataLocation.External))
            throw Refused("its weights are in another file (external data). Save it as one file: onnx.save(onnx.load(FILE), OTHER)");
    }

    private static IEnumerable<TensorProto> TensorsOf(GraphProto graph) => graph.Initializer
        .Concat(graph.Node.SelectMany(n => n.Attribute.Select(a => a.T).OfType<TensorProto>()))
        .Concat(graph.Node.SelectMany(GraphCut.SubgraphsOf).SelectMany(TensorsOf));

    private (int? Height, int? Width) SizeOf(ValueInfoProto input)
    {
        TypeProto.Types.Tensor? tensor = input.Type?.TensorType;
        string shape = tensor?.Shape is null ? "of unknown shape" : $"[{string.Join(", ", tensor.Shape.Dim.Select(d => d.DimValue > 0 ? $"{d.DimValue}" : d.DimParam))}]";
        if (tensor?.ElemType != (int)TensorProto.Types.DataType.Float) throw Refused($"its input {input.Name} {shape} is not float32");
        if (tensor.Shape?.Dim is not [_, var channels, var height, var width] || channels.DimValue is not (0 or 3)) throw Refused($"its input {input.Name} is {shape}; [N, 3, H, W] (RGB) is expected");
        return (Known(height), Known(width));
    }

    private static int? Known(TensorShapeProto.Types.Dimension side) => side.DimValue is > 0 and <= 1 << 16 and var known ? (int)known : null;

    private static NodeProto Renamed(NodeProto node, Func<string, string> rename)
    {
        NodeProto copy = new() { OpType = node.OpType, Domain = node.Domain, Name = Prefix + (node.Name.Length > 0 ? node.Name : node.Output[0]) };
        copy.Input.Add(node.Input.Select(rename));
        copy.Output.Add(node.Output.Select(rename));
        foreach (AttributeProto attribute in node.Attribute)
        {
            AttributeProto other = attribute.Clone();
            foreach (GraphProto graph in other.G is null ? other.Graphs : other.Graphs.Prepend(other.G)) Rename(graph, rename);
            copy.Attribute.Add(other);
        }
        return copy;
    }

    private static TensorProto Renamed(TensorProto tensor, Func<string, string> rename)
    {
        TensorProto copy = tensor.Clone();
        copy.Name = rename(tensor.Name);
        return copy;
    }

    private static void Rename(GraphProto graph, Func<string, string> rename)
    {
        NodeProto[] nodes = [.. graph.Node.Select(n => Renamed(n, rename))];
        graph.Node.Clear();
        graph.Node.Add(nodes);
        foreach (TensorProto weight in graph.Initializer) weight.Name = rename(weight.Name);
        foreach (ValueInfoProto value in graph.Input.Concat(graph.Output)) value.Name = rename(value.Name);
        graph.ValueInfo.Clear();
    }
}
