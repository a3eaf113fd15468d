using System.Runtime.InteropServices;
using Edge.Training.Onnx.Proto;
using Google.Protobuf;
using static Edge.Training.Onnx.Proto.AttributeProto.Types;
using static Edge.Training.Onnx.Proto.TensorProto.Types;

namespace Edge.Training.Onnx.Quantisation;

/// <summary>
/// A graph with the convolutions in QDQ form: QuantizeLinear and DequantizeLinear around each, which ONNX Runtime fuses to integer
/// convolutions where the processor has them. Activations u8 with one scale, weights s8 with a scale per output channel, bias s32 at
/// the product of both. Everything else stays float32.
/// </summary>
internal sealed class QuantisedGraph
{
    private const double LargestBias = 1 << 30;

    private readonly ModelProto model;
    private readonly ConvolutionalPart part;
    private readonly IReadOnlyDictionary<string, ActivationRange> ranges;
    private readonly Dictionary<string, TensorProto> constants;
    private readonly List<NodeProto> nodes = [];

    private QuantisedGraph(ModelProto model, ConvolutionalPart part, IReadOnlyDictionary<string, ActivationRange> ranges)
    {
        (this.model, this.part, this.ranges) = (model, part, ranges);
        constants = model.Graph.Initializer.ToDictionary(t => t.Name);
    }

    /// <param name="ranges">Of all <see cref="ConvolutionalPart.Values"/>.</param>
    public static ModelProto Of(ModelProto model, ConvolutionalPart part, IReadOnlyDictionary<string, ActivationRange> ranges)
    {
        ModelProto copy = model.Clone();
        new QuantisedGraph(copy, part, ranges).Rewrite();
        return copy;
    }

    private void Rewrite()
    {
        HashSet<NodeProto> convolutions = [.. part.Convolutions];   // equal by content: the model is a copy
        HashSet<string> rounded = [.. part.Values];
        foreach (NodeProto node in model.Graph.Node)
        {
            bool convolution = convolutions.Contains(node);
            string input = node.Input.Count > 0 ? node.Input[0] : "";
            // A float neighbour that is no convolution reads the value before it is rounded, unless a convolution wrote it.
            bool integers = convolution || node.OpType is "MaxPool" || (node.OpType is "Add" && node.Input.All(rounded.Contains));
            for (int i = 0; i < node.Input.Count; i++)
                if (rounded.Contains(node.Input[i]) && (integers || part.Results.Contains(node.Input[i]))) node.Input[i] = Dequantised(node.Input[i]);
            if (convolution) QuantiseWeights(node, ranges[SourceOf(input)].Scale);
            nodes.Add(node);
            foreach (string value in node.Output.Where(rounded.Contains)) AddPair(value);
        }
        model.Graph.Node.Clear();
        model.Graph.Node.Add(nodes);
        HashSet<string> used = [.. nodes.SelectMany(n => n.Input)];
        TensorProto[] left = [.. constants.Values.Where(t => used.Contains(t.Name))];
        model.Graph.Initializer.Clear();
        model.Graph.Initializer.Add(left);
    }

    private string SourceOf(string value) => part.PooledFrom(value) is { } source ? SourceOf(source) : value;

    private static string Dequantised(string value) => $"{value}_dequantised";

    private void AddPair(string value)
    {
        ActivationRange range = ranges[SourceOf(value)];
        string scale = Constant($"{value}_scale", [range.Scale], DataType.Float), zero = Constant($"{value}_zero", [range.Zero], DataType.Uint8);
        nodes.Add(new NodeProto { OpType = "QuantizeLinear", Name = $"quantise_{value}", Input = { value, scale, zero }, Output = { $"{value}_quantised" } });
        nodes.Add(new NodeProto { OpType = "DequantizeLinear", Name = $"dequantise_{value}", Input = { $"{value}_quantised", scale, zero }, Output = { Dequantised(value) } });
    }

    private void QuantiseWeights(NodeProto convolution, float inputScale)
    {
        TensorProto weight = constants[convolution.Input[1]];
        ReadOnlySpan<float> w = MemoryMarshal.Cast<byte, float>(weight.RawData.Span);
        ReadOnlySpan<float> bias = convolution.Input.Count > 2 ? MemoryMarshal.Cast<byte, float>(constants[convolution.Input[2]].RawData.Span) : [];
        int channels = (int)weight.Dims[0], size = w.Length / channels;
        float[] scale = new float[channels];
        sbyte[] integers = new sbyte[w.Length];
        int[] biases = new int[bias.Length];
        float[] biasScale = new float[channels];
        for (int c = 0; c < channels; c++)
        {
            float largest = 0;
            foreach (float v in w.Slice(c * size, size)) largest = Math.Max(largest, Math.Abs(v));
            // A channel of nearly nothing but bias: coarser weights, so that the bias fits its 32 bits.
            if (bias.Length > 0) largest = Math.Max(largest, (float)(Math.Abs(bias[c]) / inputScale / LargestBias * sbyte.MaxValue));
            scale[c] = largest > 0 ? largest / sbyte.MaxValue : 1;
            for (int i = c * size; i < (c + 1) * size; i++) integers[i] = (sbyte)Math.Clamp(MathF.Round(w[i] / scale[c]), -sbyte.MaxValue, sbyte.MaxValue);
            biasScale[c] = inputScale * scale[c];
            if (bias.Length > 0) biases[c] = (int)Math.Round(bias[c] / (double)biasScale[c]);
        }
        string name = convolution.Output[0];
        convolution.Input[1] = PerChannel($"{name}_weight", Constant($"{name}_weight_integers", integers, DataType.Int8, [.. weight.Dims]), scale, Constant($"{name}_weight_zero", new sbyte[channels], DataType.Int8, channels));
        if (bias.Length > 0)
            convolution.Input[2] = PerChannel($"{name}_bias", Constant($"{name}_bias_integers", biases, DataType.Int32, channels), biasScale, Constant($"{name}_bias_zero", new int[channels], DataType.Int32, channels));
    }

    private string PerChannel(string name, string integers, float[] scale, string zero)
    {
        nodes.Add(new NodeProto
        {
            OpType = "DequantizeLinear",
            Name = $"dequantise_{name}",
            Input = { integers, Constant($"{name}_scale", scale, DataType.Float, scale.Length), zero },
            Output = { name },
            Attribute = { new AttributeProto { Name = "axis", I = 0, Type = AttributeType.Int } },
        });
        return name;
    }

    /// <summary>Without a shape: a scalar.</summary>
    private string Constant<T>(string name, T[] data, DataType type, params ReadOnlySpan<long> shape) where T : unmanaged
    {
        TensorProto tensor = new() { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<T>(data)) };
        foreach (long side in shape) tensor.Dims.Add(side);
        constants[name] = tensor;
        return name;
    }
}
