namespace Edge.Training.Methods.PatchCore;

/// <summary>How the memory bank's rows lie in the package. The search itself is in float32; ONNX Runtime converts them once, when it loads the graph.</summary>
internal enum BankStorage
{
    Float32,
    Float16,

    /// <summary>Symmetric, one scale for each dimension.</summary>
    Int8,
}

/// <summary>Rows as they are stored: each value is one that the storage can hold, so every reader computes with the same.</summary>
/// <param name="Values">float32 [count, dimension].</param>
/// <param name="Scale">float32 [dimension] for int8, empty otherwise.</param>
internal sealed record StoredRows(float[] Values, float[] Scale)
{
    public const int Largest = 127;   // −128 is not used: symmetric

    public static int BytesOf(BankStorage storage) => storage switch { BankStorage.Float32 => 4, BankStorage.Float16 => 2, _ => 1 };

    /// <exception cref="EdgeException">A value is beyond what float16 can hold.</exception>
    public static StoredRows Of(float[] rows, int dimension, BankStorage storage)
    {
        if (storage == BankStorage.Float32) return new StoredRows(rows, []);
        float[] stored = new float[rows.Length];
        if (storage == BankStorage.Float16)
        {
            for (int i = 0; i < rows.Length; i++)
                stored[i] = (float)(Half)rows[i] is var half && float.IsFinite(half) ? half : throw new EdgeException($"A patch embedding holds {rows[i]}, more than float16 can: use --bank float32 or int8.");
            return new StoredRows(stored, []);
        }
        float[] scale = new float[dimension];
        for (int i = 0; i < rows.Length; i++) scale[i % dimension] = Math.Max(scale[i % dimension], Math.Abs(rows[i]));
        for (int k = 0; k < dimension; k++) scale[k] = scale[k] > 0 ? scale[k] / Largest : 1;   // a dimension that never varies
        for (int i = 0; i < rows.Length; i++) stored[i] = Math.Clamp(MathF.Round(rows[i] / scale[i % dimension]), -Largest, Largest) * scale[i % dimension];
        return new StoredRows(stored, scale);
    }
}
