using System.Globalization;
using System.Runtime.InteropServices;
using Edge.Training.Onnx.Proto;
using Google.Protobuf;

namespace Edge.Training.Onnx;

/// <summary>A graph of ours, read back.</summary>
internal sealed class GraphFile
{
    private readonly ModelProto model;
    private readonly Dictionary<string, TensorProto> constants;

    /// <exception cref="EdgeException">The file can't be read, or is no ONNX graph.</exception>
    public GraphFile(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            model = ModelProto.Parser.ParseFrom(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidProtocolBufferException)
        {
            throw new EdgeException($"{path} cannot be read as an ONNX graph: {e.Message}", e);
        }
        constants = model.Graph?.Initializer.ToDictionary(t => t.Name) ?? throw new EdgeException($"{path} holds no graph.");
    }

    /// <summary>Above the number in any name that <see cref="GraphBuilder"/> made up.</summary>
    public int NextNumber => 1 + model.Graph.Node.SelectMany(n => n.Output).Concat(constants.Keys)
        .Max(name => int.TryParse(name.AsSpan(name.LastIndexOf('_') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0);

    public ModelProto Model => model;

    public bool HasConstant(string name) => constants.ContainsKey(name);

    public bool Computes(string value) => model.Graph.Node.Any(n => n.Output.Contains(value));

    public long[] ShapeOf(string constant) => [.. constants[constant].Dims];

    public TensorProto.Types.DataType TypeOf(string constant) => (TensorProto.Types.DataType)constants[constant].DataType;

    public T[] Read<T>(string constant) where T : unmanaged => [.. MemoryMarshal.Cast<byte, T>(constants[constant].RawData.Span)];

    /// <summary>The graph that computes these values, as outputs of their own, from the same input: float32, any shape.</summary>
    public byte[] Computing(params string[] values)
    {
        ModelProto part = UpTo(values);
        foreach (string value in values)
            part.Graph.Output.Add(new ValueInfoProto { Name = value, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float } } });
        return part.ToByteArray();
    }

    /// <summary>What is needed for these values, without outputs.</summary>
    public ModelProto UpTo(IEnumerable<string> values)
    {
        (IReadOnlyList<NodeProto> nodes, IReadOnlyList<TensorProto> weights) = GraphCut.UpTo(model.Graph, values);
        GraphProto part = new() { Name = model.Graph.Name, Node = { nodes }, Input = { model.Graph.Input }, Initializer = { weights } };
        ModelProto copy = model.Clone();
        copy.Graph = part;
        return copy;
    }
}
