namespace Edge.Synthetic;

/// <summary>Value noise: smooth random fields that can be evaluated anywhere.</summary>
internal static class Noise
{
    /// <summary>−1 to 1, smooth, features about one unit wide.</summary>
    public static float Smooth(float x, float y, uint seed)
    {
        float fx = MathF.Floor(x), fy = MathF.Floor(y);
        int ix = (int)fx, iy = (int)fy;
        float u = Fade(x - fx), v = Fade(y - fy);
        float top = Lerp(Hash(ix, iy, seed), Hash(ix + 1, iy, seed), u), bottom = Lerp(Hash(ix, iy + 1, seed), Hash(ix + 1, iy + 1, seed), u);
        return Lerp(top, bottom, v);
    }

    /// <summary>Four octaves, each twice as fine and half as strong; about −1 to 1.</summary>
    public static float Fractal(float x, float y, uint seed)
    {
        float sum = 0, amplitude = 0.53f;
        for (uint octave = 0; octave < 4; octave++, amplitude *= 0.5f, x *= 2, y *= 2) sum += amplitude * Smooth(x, y, seed + octave * 977);
        return sum;
    }

    /// <summary>0 below <paramref name="low"/>, 1 above <paramref name="high"/>, smooth between.</summary>
    public static float Step(float low, float high, float x)
    {
        float t = Math.Clamp((x - low) / (high - low), 0, 1);
        return Fade(t);
    }

    public static float Lerp(float a, float b, float t) => a + (b - a) * t;

    private static float Fade(float t) => t * t * (3 - 2 * t);

    /// <summary>−1 to 1, white.</summary>
    public static float Hash(int x, int y, uint seed)
    {
        uint h = (uint)x * 0x8DA6_B343 ^ (uint)y * 0xD816_3841 ^ seed * 0xCB1A_B31F;
        h = (h ^ (h >> 15)) * 0x2C1B_3C6D;
        h = (h ^ (h >> 12)) * 0x297A_2D39;
        return (h ^ (h >> 15)) * (2f / uint.MaxValue) - 1;
    }
}
