using Edge.Training.Backbones;
using Edge.Training.Onnx;
using Edge.Training.Onnx.Proto;
using Google.Protobuf;

namespace Edge.Tests.Onnx;

/// <summary>ONNX files as other programs export them: graphs of ours without their uint8 front.</summary>
internal static class CustomNetworks
{
    /// <summary>The embedded trunk as a network with input <c>input</c>, which takes RGB − 255 · ImageNet's mean, and outputs layer1, layer2, layer3.</summary>
    public static ModelProto Trunk(string folder)
    {
        Trunk trunk = Backbone.Load(null).Trunk;
        GraphBuilder graph = new("trunk");
        IReadOnlyList<string> layers = TrunkGraph.Add(graph, graph.Input("image", "N", "H", "W", 3), trunk);
        for (int i = 0; i < 3; i++) graph.Output($"layer{i + 1}", layers[i], "N", trunk.Features[i].Channels, $"h{i}", $"w{i}");
        string path = Path.Combine(folder, "front.onnx");
        graph.Save(path);
        return WithoutFront(path);
    }

    /// <summary>Takes away Transpose, Cast and Sub: what is left takes float32 [N, 3, H, W].</summary>
    public static ModelProto WithoutFront(string path)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        GraphProto graph = model.Graph;
        NodeProto last = graph.Node.First(n => n.OpType == "Sub");
        foreach (NodeProto node in graph.Node.Where(n => n.Input.Contains(last.Output[0])).ToArray()) node.Input[0] = "input";
        foreach (string op in (string[])["Transpose", "Cast", "Sub"]) graph.Node.Remove(graph.Node.First(n => n.OpType == op));
        graph.Initializer.Remove(graph.Initializer.First(t => t.Name == last.Input[1]));
        TensorShapeProto image = graph.Input[0].Type.TensorType.Shape, shape = new() { Dim = { image.Dim[0], new TensorShapeProto.Types.Dimension { DimValue = 3 }, image.Dim[1], image.Dim[2] } };
        graph.Input[0] = new ValueInfoProto { Name = "input", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = shape } } };
        return model;
    }

    public static string Save(this ModelProto model, string path)
    {
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }
}
