using static TorchSharp.torch;

namespace Edge.Training.Methods.EfficientAd;

/// <summary>
/// EfficientAD, equation 1: the mean of those squared differences that are at least their <see cref="Quantile"/> quantile. What the student
/// already does well does not pull on it, so it learns no more about patches than normal pictures need.
/// </summary>
internal static class HardFeatureLoss
{
    public const double Quantile = 0.999;

    /// <param name="teacher">[N, C, h, w].</param>
    /// <param name="student">[N, C, h, w].</param>
    /// <returns>A scalar with gradient.</returns>
    public static Tensor Of(Tensor teacher, Tensor student)
    {
        Tensor differences = (teacher - student).square().reshape(-1);
        // The quantile lies between two of the sorted values or on one; those from there on are the largest so many.
        long hard = differences.numel() - (long)Math.Ceiling(Quantile * (differences.numel() - 1));
        return differences.topk((int)hard, sorted: false).values.mean();
    }
}
