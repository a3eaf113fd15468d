using Edge.Training.Onnx.Proto;

namespace Edge.Training.Onnx;

/// <summary>The part of a graph that certain values need.</summary>
internal static class GraphCut
{
    /// <returns>Nodes, in their order, and weights.</returns>
    public static (IReadOnlyList<NodeProto> Nodes, IReadOnlyList<TensorProto> Weights) UpTo(GraphProto graph, IEnumerable<string> values)
    {
        HashSet<string> needed = [.. values];
        List<NodeProto> nodes = [];
        // Nodes are in topological order: seen from the end, whatever needs a value comes before what makes it.
        foreach (NodeProto node in graph.Node.Reverse())
        {
            if (!node.Output.Any(needed.Contains)) continue;
            nodes.Add(node);
            needed.UnionWith(InputsOf(node));
        }
        nodes.Reverse();
        return (nodes, [.. graph.Initializer.Where(t => needed.Contains(t.Name))]);
    }

    /// <summary>What a node takes; the branches of an If and the body of a Loop take values of the graph around them without naming them as inputs.</summary>
    private static IEnumerable<string> InputsOf(NodeProto node) =>
        node.Input.Concat(SubgraphsOf(node).SelectMany(g => g.Node.SelectMany(InputsOf).Concat(g.Output.Select(o => o.Name))));

    public static IEnumerable<GraphProto> SubgraphsOf(NodeProto node) => node.Attribute.SelectMany(a => a.G is null ? a.Graphs : a.Graphs.Prepend(a.G));
}
