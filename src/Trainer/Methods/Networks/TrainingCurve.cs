using System.Globalization;
using System.Text.Json.Serialization;

namespace Edge.Training.Methods.Networks;

/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean over the epoch's steps.</param>
/// <param name="Validation">Loss on the validation pictures after the epoch; null without any.</param>
/// <param name="LearningRate">Of the epoch's last step.</param>
/// <param name="Seconds">The epoch's, validation included.</param>
/// <param name="Steps">In this epoch.</param>
internal sealed record EpochRecord(int Epoch, double Loss, double? Validation, double LearningRate, double Seconds, int Steps);

/// <summary>What happened during training, epoch by epoch: <c>training.csv</c> of the package.</summary>
internal static class TrainingCurve
{
    public static string ToCsv(IReadOnlyList<EpochRecord> epochs) => string.Concat(
        epochs.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Epoch},{e.Loss:G9},{e.Validation:G9},{e.LearningRate:G6},{e.Seconds:F2}\n"))
            .Prepend("epoch,loss,validation_loss,learning_rate,seconds\n"));
}

[JsonSerializable(typeof(List<EpochRecord>))]
internal sealed partial class TrainingCurveJson : JsonSerializerContext;
