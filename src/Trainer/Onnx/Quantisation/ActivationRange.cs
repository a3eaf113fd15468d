namespace Edge.Training.Onnx.Quantisation;

/// <summary>Smallest and largest of a value on real pictures, and how 8 unsigned bits cover it: x ≈ scale · (q − zero). 0 is exact, as padding needs it.</summary>
internal readonly record struct ActivationRange(float Low, float High)
{
    public float Scale => Math.Max(High - Low, 1e-6f) / byte.MaxValue;
    public byte Zero => (byte)Math.Clamp(MathF.Round(-Low / Scale), byte.MinValue, byte.MaxValue);

    public static ActivationRange Empty { get; } = new(0, 0);

    public ActivationRange With(ReadOnlySpan<float> values)
    {
        (float low, float high) = (Low, High);
        foreach (float value in values)
        {
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }
        return new ActivationRange(low, high);
    }
}
