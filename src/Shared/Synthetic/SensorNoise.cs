using System.Numerics;

namespace Edge.Synthetic;

/// <summary>
/// Read noise and shot noise of a colour sensor: variance in grey levels² = read² + gain · level. The samples come from a table,
/// each row of each channel from another place in it; smoothed a little along the row, as demosaicing does.
/// </summary>
internal sealed class SensorNoise
{
    private const float Read = 0.9f, Gain = 0.018f;   // gain: 255 levels for about 14,000 electrons
    private const int Length = 1 << 18;
    private readonly float[] table;
    private readonly int span;

    public SensorNoise(int seed, int width)
    {
        span = width;
        Rng rng = Rng.For(seed, 0, 901);
        float[] white = new float[Length + width + 2];
        for (int i = 0; i < white.Length; i++) white[i] = rng.Normal();
        table = new float[Length + width];
        const float Side = 0.22f, Middle = 0.95f;   // 2·0.22² + 0.95² = 1
        for (int i = 0; i < table.Length; i++) table[i] = Side * (white[i] + white[i + 2]) + Middle * white[i + 1];
    }

    /// <summary>A row of samples, mean 0, deviation 1.</summary>
    public ReadOnlySpan<float> Row(ref Rng rng) => table.AsSpan(rng.Below(Length), span);

    /// <summary>level = part · partColor + belt · beltColor, plus noise, rounded and clipped to 0 … 255.</summary>
    /// <param name="shared">Noise that the three channels have in common; <paramref name="own"/> of this channel alone.</param>
    public static void Expose(
        ReadOnlySpan<float> part, float partColor, ReadOnlySpan<float> belt, float beltColor, ReadOnlySpan<float> shared, ReadOnlySpan<float> own, Span<int> output)
    {
        int x = 0;
        for (; x <= part.Length - Vector<float>.Count; x += Vector<float>.Count)
        {
            Vector<float> level = new Vector<float>(part[x..]) * partColor + new Vector<float>(belt[x..]) * beltColor;
            Vector<float> noise = new Vector<float>(shared[x..]) * 0.6f + new Vector<float>(own[x..]) * 0.8f;
            Vector<float> value = level + noise * Vector.SquareRoot(new Vector<float>(Read * Read) + level * Gain) + new Vector<float>(0.5f);
            Vector.ConvertToInt32(Vector.Min(Vector.Max(value, Vector<float>.Zero), new Vector<float>(255))).CopyTo(output[x..]);
        }
        for (; x < part.Length; x++)
        {
            float level = part[x] * partColor + belt[x] * beltColor;
            output[x] = (int)Math.Clamp(level + (shared[x] * 0.6f + own[x] * 0.8f) * MathF.Sqrt(Read * Read + level * Gain) + 0.5f, 0, 255);
        }
    }
}
