using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Onnx;

namespace Edge.Training.Methods.PatchCore;

/// <summary>PatchCore as one ONNX graph: <c>image</c> → <c>image_score</c>, <c>anomaly_map</c>.</summary>
internal sealed class PatchCoreExport(Trunk trunk, MemoryBank bank, InputSpec input)
{
    public void Save(string path)
    {
        GraphBuilder graph = new("patchcore");
        new BankGraph(graph, PatchRows.Add(graph, trunk, input, bank), bank, input).Add();
        graph.Save(path);
    }
}
