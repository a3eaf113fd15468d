using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// Embeddings reduced to their directions of largest variance: y = (x − μ) · W. Mean and covariance in float64 over at most
/// <see cref="MostRows"/> rows, evenly taken, so nothing cancels; the eigenvectors of a symmetric matrix.
/// </summary>
/// <param name="Mean">float32 [D].</param>
/// <param name="Matrix">W, float32 [D, K], row-major; columns are orthonormal.</param>
/// <param name="Explained">Share of the variance that is kept, (0, 1].</param>
internal sealed record PrincipalComponents(float[] Mean, float[] Matrix, double Explained)
{
    private const int MostRows = 20_000, Slice = 4096;

    public int Count => Matrix.Length / Mean.Length;

    /// <param name="components">K; null = as few as explain <paramref name="variance"/>.</param>
    /// <exception cref="EdgeException">More components than dimensions.</exception>
    public static PrincipalComponents Of(PatchSample sample, int? components, double variance, CancellationToken cancellation)
    {
        int d = sample.Dimension;
        if (components > d) throw new EdgeException($"--components {components} is more than the {d} values of a patch embedding.");
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int stride = (sample.Count + MostRows - 1) / MostRows, count = (sample.Count + stride - 1) / stride;
        Tensor mean = zeros(d, dtype: float64), covariance = zeros(d, d, dtype: float64);
        foreach (Tensor rows in Strided(sample, stride, cancellation)) mean.add_(rows.sum([0L]));   // a bare 0 would be a ScalarType
        mean.div_(count);
        foreach (Tensor rows in Strided(sample, stride, cancellation))
        {
            Tensor centred = rows - mean;
            covariance.add_(centred.t().matmul(centred));
        }
        (Tensor values, Tensor vectors) = linalg.eigh(covariance);                   // ascending
        double[] variances = [.. values.clamp(min: 0).Values<double>().Reverse()];
        double total = variances.Sum(), kept = 0;
        int k = 0;
        // A sample without variance keeps one component, whichever.
        while (k < d && (k == 0 || (components is { } n ? k < n : kept < variance * total))) kept += variances[k++];
        Tensor w = vectors.flip(1).narrow(1, 0, k);                                  // [D, K]
        Tensor sign = w.gather(0, w.abs().argmax(0, keepdim: true)).sign();          // an eigenvector's sign is anyone's choice: the largest value is positive
        return new PrincipalComponents(mean.to(float32).Values<float>(), (w * sign).to(float32).Values<float>(), total > 0 ? Math.Min(1, kept / total) : 1);
    }

    /// <param name="rows">float32 [n, D].</param>
    /// <returns>float32 [n, K].</returns>
    public float[] Apply(ReadOnlySpan<float> rows)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor mean = from_array(Mean), matrix = from_array(Matrix).reshape(Mean.Length, Count);
        int n = rows.Length / Mean.Length;
        float[] reduced = new float[n * Count];
        for (int at = 0; at < n; at += Slice)
        {
            using DisposeScope inner = NewDisposeScope();
            int slice = Math.Min(Slice, n - at);
            Tensor part = from_array(rows.Slice(at * Mean.Length, slice * Mean.Length).ToArray()).reshape(slice, Mean.Length);
            (part - mean).matmul(matrix).Values<float>().CopyTo(reduced, at * Count);
        }
        return reduced;
    }

    /// <summary>Every stride-th row, float64 [n, D], a slice at a time; a slice lives until the next.</summary>
    private static IEnumerable<Tensor> Strided(PatchSample sample, int stride, CancellationToken cancellation)
    {
        int d = sample.Dimension;
        for (int at = 0; at < sample.Count; at += Slice * stride)
        {
            cancellation.ThrowIfCancellationRequested();
            int n = Math.Min(Slice, (sample.Count - at + stride - 1) / stride);
            float[] rows = new float[n * d];
            for (int i = 0; i < n; i++) sample.Rows.Slice((at + i * stride) * d, d).CopyTo(rows.AsSpan(i * d));
            using DisposeScope scope = NewDisposeScope();
            yield return from_array(rows).reshape(n, d).to(float64);
        }
    }
}
