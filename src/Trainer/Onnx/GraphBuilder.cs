using System.Runtime.InteropServices;
using Edge.Training.Onnx.Proto;
using Google.Protobuf;
using static Edge.Training.Onnx.Proto.AttributeProto.Types;
using static Edge.Training.Onnx.Proto.TensorProto.Types;

namespace Edge.Training.Onnx;

/// <summary>
/// Writes an ONNX graph node by node. A value is its name; constants are initializers. Opset 17 and IR 8: old enough for the
/// checker of Debian 12 (onnx 1.12), and all that is needed; newer only where a network that a user brings is.
/// </summary>
internal sealed class GraphBuilder
{
    private const int IrVersion = 8, Opset = 17, AxesAreInputs = 18;

    private readonly GraphProto graph;
    private readonly ModelProto model;
    private int values;

    public GraphBuilder(string name) : this(new ModelProto { IrVersion = IrVersion, ProducerName = "edge-trainer", Graph = new GraphProto { Name = name } }) =>
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = Opset });

    private GraphBuilder(ModelProto model) => (this.model, graph) = (model, model.Graph);

    /// <summary>Goes on from what an earlier graph computes up to <paramref name="kept"/>; the rest of it is left out.</summary>
    public static GraphBuilder From(GraphFile file, IEnumerable<string> kept) => new(file.UpTo(kept)) { values = file.NextNumber };

    /// <summary>Adds a node with one output and returns that output.</summary>
    /// <param name="attributes">Values are int, float, string or long[].</param>
    public string Node(string op, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        string output = Next(op);
        NodeProto node = new() { OpType = op, Name = output };
        foreach (string input in inputs) node.Input.Add(input);
        node.Output.Add(output);
        foreach ((string name, object value) in attributes) node.Attribute.Add(Attribute(name, value));
        graph.Node.Add(node);
        return output;
    }

    /// <summary>The largest <paramref name="count"/> values along the last axis, in any order. (TopK has a second output, their indices.)</summary>
    /// <param name="count">int64 [1].</param>
    public string Largest(string values, string count)
    {
        string largest = Node("TopK", [values, count], ("sorted", 0));
        graph.Node[^1].Output.Add(Next("indices"));
        return largest;
    }

    /// <summary>A value under a name of its own, to be found again in the file.</summary>
    public string Named(string name, string value)
    {
        NodeProto node = new() { OpType = "Identity", Name = $"name_{name}" };
        node.Input.Add(value);
        node.Output.Add(name);
        graph.Node.Add(node);
        return name;
    }

    // Constants under names of their own, to be found again in the file.
    public string Constant(string name, ReadOnlySpan<float> data, params ReadOnlySpan<long> shape) => Constant(name, MemoryMarshal.AsBytes(data), DataType.Float, shape);
    public string Constant(string name, ReadOnlySpan<Half> data, params ReadOnlySpan<long> shape) => Constant(name, MemoryMarshal.AsBytes(data), DataType.Float16, shape);
    public string Constant(string name, ReadOnlySpan<sbyte> data, params ReadOnlySpan<long> shape) => Constant(name, MemoryMarshal.AsBytes(data), DataType.Int8, shape);
    public string Constant(string name, ReadOnlySpan<int> data, params ReadOnlySpan<long> shape) => Constant(name, MemoryMarshal.AsBytes(data), DataType.Int32, shape);

    public string Constant(ReadOnlySpan<float> data, params ReadOnlySpan<long> shape) => Constant(Next("constant"), MemoryMarshal.AsBytes(data), DataType.Float, shape);
    public string Constant(ReadOnlySpan<int> data, params ReadOnlySpan<long> shape) => Constant(Next("constant"), MemoryMarshal.AsBytes(data), DataType.Int32, shape);

    /// <summary>A vector of indices, axes or sizes.</summary>
    public string Integers(params ReadOnlySpan<long> data) => Constant(Next("constant"), MemoryMarshal.AsBytes(data), DataType.Int64, [data.Length]);

    /// <summary>uint8 input.</summary>
    public string Input(string name, params ReadOnlySpan<Dimension> shape)
    {
        graph.Input.Add(Describe(name, DataType.Uint8, shape));
        return name;
    }

    /// <summary>float32 output <paramref name="name"/>, holding <paramref name="value"/>.</summary>
    public void Output(string name, string value, params ReadOnlySpan<Dimension> shape)
    {
        NodeProto node = new() { OpType = "Identity", Name = $"to_{name}" };
        node.Input.Add(value);
        node.Output.Add(name);
        graph.Node.Add(node);
        graph.Output.Add(Describe(name, DataType.Float, shape));
    }

    /// <summary>Takes over nodes and weights of another graph, whose names must not be in this one. The opset becomes the newer of the two.</summary>
    public void Merge(IReadOnlyList<NodeProto> nodes, IReadOnlyList<TensorProto> weights, IEnumerable<OperatorSetIdProto> opsets)
    {
        graph.Node.Add(nodes);
        graph.Initializer.Add(weights);
        foreach (OperatorSetIdProto opset in opsets)
        {
            OperatorSetIdProto? ours = model.OpsetImport.FirstOrDefault(o => o.Domain == (opset.Domain == "ai.onnx" ? "" : opset.Domain));
            if (ours is null) model.OpsetImport.Add(opset.Clone());
            else ours.Version = Math.Max(ours.Version, opset.Version);
        }
        model.IrVersion = Math.Max(model.IrVersion, model.OpsetImport[0].Version switch { <= 18 => IrVersion, <= 20 => 9, _ => 10 });
    }

    /// <summary>Something for a reader of the file; nothing depends on it.</summary>
    public void Note(string key, string value) => model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });

    public void Save(string path)
    {
        if (model.OpsetImport[0].Version >= AxesAreInputs) MoveAxes();
        using FileStream file = File.Create(path);
        model.WriteTo(file);
    }

    /// <summary>What changed for our nodes since opset 17: the axes of a reduction are an input. (ReduceSum's are since 13.)</summary>
    private void MoveAxes()
    {
        foreach (NodeProto node in graph.Node.Where(n => n.OpType.StartsWith("Reduce", StringComparison.Ordinal)))
        {
            if (node.Attribute.FirstOrDefault(a => a.Name == "axes") is not { } axes) continue;
            node.Attribute.Remove(axes);
            node.Input.Add(Integers([.. axes.Ints]));
        }
    }

    private string Constant(string name, ReadOnlySpan<byte> data, DataType type, ReadOnlySpan<long> shape)
    {
        TensorProto tensor = new() { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(data) };
        foreach (long side in shape) tensor.Dims.Add(side);
        graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    private string Next(string kind) => $"{kind}_{values++}";

    private static ValueInfoProto Describe(string name, DataType type, ReadOnlySpan<Dimension> shape)
    {
        TensorShapeProto dimensions = new();
        foreach (Dimension side in shape)
            dimensions.Dim.Add(side.Symbol is { } symbol ? new TensorShapeProto.Types.Dimension { DimParam = symbol } : new TensorShapeProto.Types.Dimension { DimValue = side.Size });
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = dimensions } } };
    }

    private static AttributeProto Attribute(string name, object value) => value switch
    {
        int i => new AttributeProto { Name = name, I = i, Type = AttributeType.Int },
        float f => new AttributeProto { Name = name, F = f, Type = AttributeType.Float },
        string s => new AttributeProto { Name = name, S = ByteString.CopyFromUtf8(s), Type = AttributeType.String },
        long[] l => new AttributeProto { Name = name, Ints = { l }, Type = AttributeType.Ints },
        _ => throw new ArgumentException($"Attribute {name} is a {value.GetType().Name}.", nameof(value)),
    };
}

/// <summary>One side of a graph's input or output: a number, or the name of what is known only when the graph runs. 0 is N, the batch.</summary>
internal readonly record struct Dimension(string? Symbol, long Size)
{
    public static implicit operator Dimension(long size) => new(size == 0 ? "N" : null, size);
    public static implicit operator Dimension(string symbol) => new(symbol, 0);
}
