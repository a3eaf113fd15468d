namespace Edge.Synthetic;

/// <summary>SplitMix64: small, fast, and the same numbers on every machine and .NET version.</summary>
internal struct Rng(ulong seed)
{
    private ulong state = seed;

    /// <summary>A stream of its own for each (seed, index, purpose).</summary>
    public static Rng For(int seed, int index, int purpose) =>
        new(Mix(Mix((ulong)(uint)seed + 0x9E37_79B9_7F4A_7C15) ^ ((ulong)(uint)index << 24) ^ (uint)purpose));

    public ulong Next() => Mix(state += 0x9E37_79B9_7F4A_7C15);

    /// <summary>[0, 1)</summary>
    public float Unit() => (Next() >> 40) * (1f / (1 << 24));

    public float Range(float low, float high) => low + (high - low) * Unit();

    /// <summary>[0, count)</summary>
    public int Below(int count) => (int)(((Next() >> 32) * (ulong)count) >> 32);

    /// <summary>Mean 0, deviation 1, clipped to ±3.5 (Box–Muller).</summary>
    public float Normal()
    {
        float radius = MathF.Sqrt(-2 * MathF.Log(1 - Unit()));
        return Math.Clamp(radius * MathF.Cos(2 * MathF.PI * Unit()), -3.5f, 3.5f);
    }

    internal static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
