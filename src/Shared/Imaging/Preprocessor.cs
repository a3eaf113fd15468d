using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Edge.Imaging;

/// <summary>
/// Camera frame → the graph's input: ROI, anti-aliased resize, RGB, 8 bit, in one pass over the frame and without allocating; black outside the mask.
/// The same code for training and inspection. Not thread-safe: one per loop.
/// </summary>
public sealed class Preprocessor(InputSpec spec)
{
    /// <summary>Zeros behind the last sample of a line: pixels and weights are read as vectors.</summary>
    private const int Slack = 16;

    private (int Width, int Height) filtersFor;   // a frame of this size
    private ResampleFilter? columns, rows;
    private IReadOnlyList<(int First, int Count)> hidden = [];
    private float[] line = [];

    public InputSpec Spec { get; } = spec;

    /// <summary>Fills <paramref name="rgb"/> from <paramref name="frame"/>.</summary>
    /// <param name="rgb">uint8 [H, W, 3], RGB; exactly Height × Width × 3 bytes.</param>
    /// <exception cref="EdgeException">The ROI or the mask does not lie inside the frame.</exception>
    public void Apply(ImageBuffer frame, Span<byte> rgb)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (rgb.Length != Spec.Width * Spec.Height * 3)
            throw new ArgumentException($"{rgb.Length} bytes for a {Spec.Width}×{Spec.Height} RGB picture", nameof(rgb));
        (int left, int top, int width, int height) = Spec.Roi is { } roi ? (roi.X, roi.Y, roi.Width, roi.Height) : (0, 0, frame.Width, frame.Height);
        if (left < 0 || top < 0 || width < 1 || height < 1 || left + (long)width > frame.Width || top + (long)height > frame.Height)
            throw new EdgeException($"The region {left},{top} {width}×{height} does not lie inside the {frame.Width}×{frame.Height} frame.");
        if (columns is null || filtersFor != (frame.Width, frame.Height))
        {
            hidden = FrameMask.Hidden(Spec, frame.Width, frame.Height);
            columns = new ResampleFilter(width, Spec.Width);
            rows = new ResampleFilter(height, Spec.Height);
            filtersFor = (frame.Width, frame.Height);
        }
        int samples = width * frame.Format.Channels();
        if (line.Length < samples + Slack) line = new float[samples + Slack];
        line.AsSpan(samples, Slack).Clear();
        int origin = top * frame.Stride + left * frame.Format.BytesPerPixel();
        for (int y = 0; y < Spec.Height; y++)
        {
            int from = origin + rows!.Starts[y] * frame.Stride;
            ReadOnlySpan<float> weights = rows.Weights.AsSpan(y * rows.Taps, rows.Taps).TrimEnd(0f);
            if (frame.Format.BytesPerSample() == 1) SumRows(frame.Pixels[from..], frame.Stride, weights, line.AsSpan(0, samples));
            else SumRows16(frame.Pixels[from..], frame.Stride, weights, Spec.WhiteLevel, line.AsSpan(0, samples));
            Span<byte> to = rgb.Slice(y * Spec.Width * 3, Spec.Width * 3);
            if (frame.Format.Channels() == 1) SumGrayColumns(line, columns, to);
            else SumColorColumns(line, columns, bgr: frame.Format != PixelFormat.Rgb24, to);
        }
        for (int i = 0; i < hidden.Count; i++) rgb.Slice(hidden[i].First * 3, hidden[i].Count * 3).Clear();
    }

    /// <summary>line[x] = Σ_t weights[t] · rows[t][x]; columns outside, taps inside, so the sums stay in registers.</summary>
    private static void SumRows(ReadOnlySpan<byte> pixels, int stride, ReadOnlySpan<float> weights, Span<float> line)
    {
        ref byte source = ref MemoryMarshal.GetReference(pixels);
        ref float target = ref MemoryMarshal.GetReference(line);
        int lanes = Vector<float>.Count, x = 0;
        for (; x <= line.Length - 4 * lanes; x += 4 * lanes)
        {
            Vector<float> s0 = default, s1 = default, s2 = default, s3 = default;
            for (int t = 0; t < weights.Length; t++)
            {
                Vector<float> w = new(weights[t]);
                Vector.Widen(Vector.LoadUnsafe(ref source, (nuint)(t * stride + x)), out Vector<ushort> low, out Vector<ushort> high);
                Vector.Widen(low, out Vector<uint> a, out Vector<uint> b);
                Vector.Widen(high, out Vector<uint> c, out Vector<uint> d);
                s0 = Vector.MultiplyAddEstimate(Vector.ConvertToSingle(Vector.AsVectorInt32(a)), w, s0);
                s1 = Vector.MultiplyAddEstimate(Vector.ConvertToSingle(Vector.AsVectorInt32(b)), w, s1);
                s2 = Vector.MultiplyAddEstimate(Vector.ConvertToSingle(Vector.AsVectorInt32(c)), w, s2);
                s3 = Vector.MultiplyAddEstimate(Vector.ConvertToSingle(Vector.AsVectorInt32(d)), w, s3);
            }
            s0.StoreUnsafe(ref target, (nuint)x);
            s1.StoreUnsafe(ref target, (nuint)(x + lanes));
            s2.StoreUnsafe(ref target, (nuint)(x + 2 * lanes));
            s3.StoreUnsafe(ref target, (nuint)(x + 3 * lanes));
        }
        for (; x < line.Length; x++)
        {
            float sum = 0;
            for (int t = 0; t < weights.Length; t++) sum += weights[t] * pixels[t * stride + x];
            line[x] = sum;
        }
    }

    /// <summary>As <see cref="SumRows"/> for 16 bit. Above the white level is white: clipped before it is averaged, as a sensor clips.</summary>
    private static void SumRows16(ReadOnlySpan<byte> pixels, int stride, ReadOnlySpan<float> weights, int whiteLevel, Span<float> line)
    {
        ref ushort source = ref Unsafe.As<byte, ushort>(ref MemoryMarshal.GetReference(pixels));
        ref float target = ref MemoryMarshal.GetReference(line);
        Vector<ushort> white = new((ushort)whiteLevel);
        float gain = 255f / whiteLevel;
        int lanes = Vector<float>.Count, pitch = stride / 2, x = 0;
        for (; x <= line.Length - 2 * lanes; x += 2 * lanes)
        {
            Vector<float> s0 = default, s1 = default;
            for (int t = 0; t < weights.Length; t++)
            {
                Vector<float> w = new(weights[t] * gain);
                Vector.Widen(Vector.Min(Vector.LoadUnsafe(ref source, (nuint)(t * pitch + x)), white), out Vector<uint> a, out Vector<uint> b);
                s0 = Vector.MultiplyAddEstimate(Vector.ConvertToSingle(Vector.AsVectorInt32(a)), w, s0);
                s1 = Vector.MultiplyAddEstimate(Vector.ConvertToSingle(Vector.AsVectorInt32(b)), w, s1);
            }
            s0.StoreUnsafe(ref target, (nuint)x);
            s1.StoreUnsafe(ref target, (nuint)(x + lanes));
        }
        for (; x < line.Length; x++)
        {
            float sum = 0;
            for (int t = 0; t < weights.Length; t++) sum += weights[t] * gain * Math.Min(Unsafe.Add(ref source, t * pitch + x), whiteLevel);
            line[x] = sum;
        }
    }

    private static void SumGrayColumns(ReadOnlySpan<float> line, ResampleFilter filter, Span<byte> rgb)
    {
        ref float source = ref MemoryMarshal.GetReference(line);
        ref float weight = ref MemoryMarshal.GetReference(filter.Weights.AsSpan());
        int taps = filter.Taps, vectors = taps & ~7;
        for (int x = 0; x < filter.Starts.Length; x++)
        {
            ref float pixel = ref Unsafe.Add(ref source, filter.Starts[x]);
            ref float w = ref Unsafe.Add(ref weight, x * taps);
            Vector256<float> sums = Vector256<float>.Zero;
            for (int t = 0; t < vectors; t += 8)
                sums = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref pixel, (nuint)t), Vector256.LoadUnsafe(ref w, (nuint)t), sums);
            float sum = vectors > 0 ? Vector256.Sum(sums) : 0;
            for (int t = vectors; t < taps; t++) sum += Unsafe.Add(ref pixel, t) * Unsafe.Add(ref w, t);
            rgb[3 * x] = rgb[3 * x + 1] = rgb[3 * x + 2] = (byte)Math.Min(sum + 0.5f, 255);
        }
    }

    /// <summary>One pixel is one vector (the fourth lane is the next pixel's first channel and is overwritten by it).</summary>
    private static void SumColorColumns(ReadOnlySpan<float> line, ResampleFilter filter, bool bgr, Span<byte> rgb)
    {
        ref float source = ref MemoryMarshal.GetReference(line);
        ref float weight = ref MemoryMarshal.GetReference(filter.Weights.AsSpan());
        int taps = filter.Taps;
        for (int x = 0; x < filter.Starts.Length; x++)
        {
            ref float pixel = ref Unsafe.Add(ref source, 3 * filter.Starts[x]);
            ref float w = ref Unsafe.Add(ref weight, x * taps);
            Vector128<float> even = Vector128<float>.Zero, odd = Vector128<float>.Zero;
            int t = 0;
            for (; t + 1 < taps; t += 2)
            {
                even = Vector128.MultiplyAddEstimate(Vector128.LoadUnsafe(ref pixel, (nuint)(3 * t)), Vector128.Create(Unsafe.Add(ref w, t)), even);
                odd = Vector128.MultiplyAddEstimate(Vector128.LoadUnsafe(ref pixel, (nuint)(3 * t + 3)), Vector128.Create(Unsafe.Add(ref w, t + 1)), odd);
            }
            if (t < taps) even = Vector128.MultiplyAddEstimate(Vector128.LoadUnsafe(ref pixel, (nuint)(3 * t)), Vector128.Create(Unsafe.Add(ref w, t)), even);
            Vector128<int> value = Vector128.ConvertToInt32(Vector128.Min(even + odd + Vector128.Create(0.5f), Vector128.Create(255f)));
            if (bgr) value = Vector128.Shuffle(value, Vector128.Create(2, 1, 0, 3));
            uint packed = Vector128.Narrow(Vector128.Narrow(value.AsUInt32(), value.AsUInt32()), default).AsUInt32().ToScalar();
            if (x + 1 < filter.Starts.Length) Unsafe.WriteUnaligned(ref rgb[3 * x], packed);
            else (rgb[3 * x], rgb[3 * x + 1], rgb[3 * x + 2]) = ((byte)packed, (byte)(packed >> 8), (byte)(packed >> 16));
        }
    }
}
