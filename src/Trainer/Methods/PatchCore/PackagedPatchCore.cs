using System.Globalization;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Onnx;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;

namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// A PatchCore graph as something to go on from: run up to the patch embeddings, as the line runs it, and its memory bank. Of a package
/// neither the training pictures nor the backbone's file are needed.
/// </summary>
internal sealed class PackagedPatchCore : IDisposable
{
    private readonly IReadOnlyDictionary<string, string> parameters;
    private readonly GraphFile file;
    private readonly PatchRows patches;
    private readonly InferenceSession embedding;

    public MemoryBank Bank { get; }

    /// <summary>Embeddings of a picture.</summary>
    public int Patches => patches.Grid.Patches;

    public InputSpec Input { get; }

    /// <exception cref="EdgeException">Not PatchCore's, or from before graphs could be continued.</exception>
    public PackagedPatchCore(Package package, int threads)
        : this(package.ModelPath, package.Manifest.Input, package.Manifest.Parameters, threads)
    {
    }

    /// <param name="parameters">Of the training run.</param>
    public PackagedPatchCore(string path, InputSpec input, IReadOnlyDictionary<string, string> parameters, int threads)
    {
        (file, Input, this.parameters) = (new GraphFile(path), input, parameters);
        patches = PatchRows.Read(file);
        Bank = BankGraph.Read(file);
        using SessionOptions options = Accelerator.CreateSessionOptions(new DetectorOptions { Threads = threads });
        embedding = new InferenceSession(file.Computing(patches.Patches), options);
    }

    /// <summary>A parameter of the training run.</summary>
    public double Parameter(string name, double otherwise) =>
        parameters.TryGetValue(name, out string? text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : otherwise;

    /// <param name="rgb">uint8 [H, W, 3], at the model's size.</param>
    /// <returns>float32 [Patches, K], centred and reduced.</returns>
    public float[] Embed(byte[] rgb)
    {
        using OrtValue image = OrtValue.CreateTensorValueFromMemory(rgb, [1, Input.Height, Input.Width, 3]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = embedding.Run(run, ["image"], [image], [patches.Patches]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>What TorchSharp says with another bank about the embeddings of this graph.</summary>
    public (torch.Tensor Score, torch.Tensor Map) Score(BankModel model, byte[] rgb) => model.Score(
        torch.from_array(Embed(rgb)).reshape(1, patches.Grid.Height, patches.Grid.Width, Bank.Dimension).to(torch.float64), Input.Height, Input.Width);

    /// <summary>Writes the same graph with another bank.</summary>
    public void Save(MemoryBank bank, string path)
    {
        GraphBuilder graph = GraphBuilder.From(file, patches.Values);
        new BankGraph(graph, patches, bank, Input).Add();
        graph.Save(path);
    }

    public void Dispose() => embedding.Dispose();
}
