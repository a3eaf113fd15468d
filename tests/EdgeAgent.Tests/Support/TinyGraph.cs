using System.Buffers.Binary;
using System.Text;

namespace Edge.Tests.Support;

/// <summary>
/// Writes a real ONNX graph of our signature, a few hundred bytes, without any library: image_score is the mean of all
/// samples (0…255) plus <c>bias</c>, anomaly_map the mean of the three channels. onnx.proto's field numbers are beside each line.
/// </summary>
internal sealed class TinyGraph
{
    private const int Float = 1, Uint8 = 2, Int64 = 7, Bool = 9;

    private readonly List<byte> graph = [];
    private byte[]? function;

    /// <param name="size">Columns and rows of the input.</param>
    /// <param name="bias">Added to the score: tells versions apart.</param>
    /// <param name="work">Multiplications of two 256 × 256 matrices on the way to the score: a slow model, about 1 ms each.</param>
    /// <param name="fault">What to do for pictures that are brighter than 250.</param>
    public static byte[] Write(int size = 32, float bias = 0, int work = 0, BrightFault fault = BrightFault.None, Trap trap = Trap.None)
    {
        TinyGraph g = new();
        g.Node("Cast", ["image"], ["pixels"], Attribute("to", Float));
        g.Ints("all", [1, 2, 3]);
        g.Ints("channels", [3]);
        g.Node("ReduceMean", ["pixels", "all"], ["mean"], Attribute("keepdims", 0));           // [N]
        g.Node("ReduceMean", ["pixels", "channels"], ["anomaly_map"], Attribute("keepdims", 0));
        string score = "mean";
        if (work > 0) score = g.Work(score, work);
        if (fault != BrightFault.None) score = g.Fault(score, fault);
        if (trap != Trap.None) score = g.Spring(score, trap);
        g.Floats("bias", [bias]);
        g.Node("Add", [score, "bias"], ["image_score"]);
        return g.Model(size);
    }

    /// <summary>Carries the score through <paramref name="count"/> matrix products with the identity.</summary>
    private string Work(string score, int count)
    {
        const int n = 256;
        float[] identity = new float[n * n];
        for (int i = 0; i < n; i++) identity[i * n + i] = 1;
        Floats("identity", identity, n, n);
        Ints("square", [n, n]);
        Node("Expand", [score, "square"], ["work0"]);
        for (int i = 0; i < count; i++) Node("MatMul", [$"work{i}", "identity"], [$"work{i + 1}"]);
        Ints("both", [0, 1]);
        Ints("one", [1]);
        Node("ReduceMean", [$"work{count}", "both"], ["worked"], Attribute("keepdims", 0));
        Node("Reshape", ["worked", "one"], ["workedN"]);
        return "workedN";
    }

    private string Fault(string score, BrightFault fault)
    {
        Floats("limit", [250]);
        Node("Greater", [score, "limit"], ["bright"]);
        if (fault == BrightFault.NaN)
        {
            Floats("zero", [0]);
            Node("Div", ["zero", "zero"], ["nan"]);
            Node("Where", ["bright", "nan", score], ["faulty"]);
            return "faulty";
        }
        Node("Cast", ["bright"], ["index"], Attribute("to", Int64));
        if (fault == BrightFault.Stall)
        {
            Ints("turns", [long.MaxValue]);
            Node("Mul", ["index", "turns"], ["manyTurns"]);
            Node("Squeeze", ["manyTurns"], ["rounds"]);
            Node("Loop", ["rounds", "", score], ["faulty"], Body());
            return "faulty";
        }
        Node("Gather", [score, "index"], ["faulty"], Attribute("axis", 0));                     // index 1 of 1: out of range
        return "faulty";
    }

    /// <summary>What no score comes out of.</summary>
    private string Spring(string score, Trap trap)
    {
        switch (trap)
        {
            case Trap.Stalls:
                Ints("turns", [long.MaxValue]);
                Node("Loop", ["turns", "", score], ["sprung"], Body());
                return "sprung";
            case Trap.EatsMemory:
                Ints("side", [30_000, 30_000]);                                                 // 3.4 GiB of float32
                Ints("both", [0, 1]);
                Ints("one", [1]);
                Node("Expand", [score, "side"], ["huge"]);
                Node("ReduceMean", ["huge", "both"], ["sprung"], Attribute("keepdims", 0));
                Node("Reshape", ["sprung", "one"], ["sprungN"]);
                return "sprungN";
            default:
                List<byte> f = [], opset = [];
                Text(f, 1, "Self");                                                             // FunctionProto.name
                Text(f, 4, "x");                                                                // input
                Text(f, 5, "y");                                                                // output
                Bytes(f, 7, NodeOf("Self", ["x"], ["y"], [], "trap"));                                                 // node
                Text(opset, 1, "trap");                                                         // OperatorSetIdProto.domain
                Number(opset, 2, 1);
                Bytes(f, 9, [.. opset]);                                                        // opset_import
                Text(f, 10, "trap");                                                            // domain
                function = [.. f];
                Bytes(graph, 1, NodeOf("Self", [score], ["sprung"], [], "trap"));
                return "sprung";
        }
    }

    /// <summary>Of a loop that carries the score and never wants to end.</summary>
    private static byte[] Body()
    {
        TinyGraph body = new();
        body.Node("Identity", ["goOn"], ["goOnOut"]);
        body.Node("Identity", ["state"], ["stateOut"]);
        List<byte> g = [.. body.graph];
        Bytes(g, 2, "body"u8);
        Bytes(g, 11, ValueInfo("turn", Int64));
        Bytes(g, 11, ValueInfo("goOn", Bool));
        Bytes(g, 11, ValueInfo("state", Float, "N"));
        Bytes(g, 12, ValueInfo("goOnOut", Bool));
        Bytes(g, 12, ValueInfo("stateOut", Float, "N"));
        List<byte> attribute = [];
        Text(attribute, 1, "body");
        Bytes(attribute, 6, [.. g]);                                                            // g
        Number(attribute, 20, 5);                                                               // type = GRAPH
        return [.. attribute];
    }

    private byte[] Model(int size)
    {
        List<byte> g = [.. graph];
        Bytes(g, 2, "tiny"u8);                                                                  // GraphProto.name
        Bytes(g, 11, ValueInfo("image", Uint8, "N", size, size, 3));                            // input
        Bytes(g, 12, ValueInfo("image_score", Float, "N"));                                     // output
        Bytes(g, 12, ValueInfo("anomaly_map", Float, "N", size, size));
        List<byte> opset = [], model = [];
        Number(opset, 2, 18);                                                                   // OperatorSetIdProto.version
        Number(model, 1, 8);                                                                    // ModelProto.ir_version
        Bytes(model, 8, [.. opset]);                                                            // opset_import
        Bytes(model, 7, [.. g]);                                                                // graph
        if (function is not null)
        {
            List<byte> own = [];
            Text(own, 1, "trap");
            Number(own, 2, 1);
            Bytes(model, 8, [.. own]);
            Bytes(model, 25, function);                                                         // functions
        }
        return [.. model];
    }

    private void Node(string type, string[] inputs, string[] outputs, params byte[][] attributes) => Bytes(graph, 1, NodeOf(type, inputs, outputs, attributes));   // GraphProto.node

    private static byte[] NodeOf(string type, string[] inputs, string[] outputs, byte[][] attributes, string domain = "")
    {
        List<byte> node = [];
        foreach (string input in inputs) Text(node, 1, input);
        foreach (string output in outputs) Text(node, 2, output);
        Text(node, 4, type);
        foreach (byte[] attribute in attributes) Bytes(node, 5, attribute);
        if (domain.Length > 0) Text(node, 7, domain);
        return [.. node];
    }

    private static byte[] Attribute(string name, long value)
    {
        List<byte> attribute = [];
        Text(attribute, 1, name);
        Number(attribute, 3, value);                                                            // i
        Number(attribute, 20, 2);                                                               // type = INT
        return [.. attribute];
    }

    private void Ints(string name, long[] values)
    {
        byte[] raw = new byte[8 * values.Length];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(raw.AsSpan(8 * i), values[i]);
        Tensor(name, Int64, raw, values.Length);
    }

    private void Floats(string name, float[] values, params int[] shape)
    {
        byte[] raw = new byte[4 * values.Length];
        Buffer.BlockCopy(values, 0, raw, 0, raw.Length);
        Tensor(name, Float, raw, shape.Length > 0 ? shape : [values.Length]);
    }

    private void Tensor(string name, int type, byte[] raw, params int[] shape)
    {
        List<byte> tensor = [];
        foreach (int side in shape) Number(tensor, 1, side);                                    // TensorProto.dims
        Number(tensor, 2, type);
        Text(tensor, 8, name);
        Bytes(tensor, 9, raw);                                                                  // raw_data
        Bytes(graph, 5, [.. tensor]);                                                           // GraphProto.initializer
    }

    private static byte[] ValueInfo(string name, int type, string? batch = null, params int[] shape)
    {
        List<byte> dims = [], n = [], tensor = [], typeProto = [], info = [];
        if (batch is not null)
        {
            Text(n, 2, batch);                                                                  // Dimension.dim_param
            Bytes(dims, 1, [.. n]);
        }
        foreach (int side in shape)
        {
            List<byte> dim = [];
            Number(dim, 1, side);                                                               // dim_value
            Bytes(dims, 1, [.. dim]);
        }
        Number(tensor, 1, type);                                                                // elem_type
        Bytes(tensor, 2, [.. dims]);                                                            // shape
        Bytes(typeProto, 1, [.. tensor]);                                                       // tensor_type
        Text(info, 1, name);
        Bytes(info, 2, [.. typeProto]);
        return [.. info];
    }

    private static void Text(List<byte> to, int field, string text) => Bytes(to, field, Encoding.UTF8.GetBytes(text));

    private static void Bytes(List<byte> to, int field, ReadOnlySpan<byte> bytes)
    {
        Varint(to, (ulong)(field << 3 | 2));
        Varint(to, (ulong)bytes.Length);
        to.AddRange(bytes);
    }

    private static void Number(List<byte> to, int field, long value)
    {
        Varint(to, (ulong)(field << 3));
        Varint(to, (ulong)value);
    }

    private static void Varint(List<byte> to, ulong value)
    {
        for (; value >= 0x80; value >>= 7) to.Add((byte)(value | 0x80));
        to.Add((byte)value);
    }
}

public enum BrightFault
{
    None = 0,
    NaN,
    Throw,
    /// <summary>A loop that does not end.</summary>
    Stall,
}

public enum Trap
{
    None = 0,
    Stalls,
    EatsMemory,
    /// <summary>A function that calls itself.</summary>
    Recurses,
}
