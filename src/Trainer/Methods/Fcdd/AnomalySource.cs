using System.Globalization;
using Edge.Training.Data;
using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Fcdd;

/// <summary>
/// What a step learns as anomalous: confetti on the step's normal pictures, half of it replaced by photographs where there are any; every second picture is a labelled
/// anomaly where there are any. It depends on seed and step alone, so a resumed run equals an uninterrupted one.
/// </summary>
internal sealed class AnomalySource(LearningPictures pictures, StepPictures normal, FcddOptions options, TrainingContext context)
{
    private readonly OutlierPictures? outliers = options.Outliers is { } folder ? new OutlierPictures(folder, IsGray(pictures.Images), context) : null;
    private readonly bool gray = IsGray(pictures.Images);

    public LabelledAnomalies? Labelled { get; } = options.Anomalies is { } folder ? LabelledAnomalies.Load(folder, context) : null;

    /// <summary>For the manifest.</summary>
    public IEnumerable<(string Name, string Value)> Described =>
    [
        ("anomalies", outliers is null ? "confetti noise" : string.Create(CultureInfo.InvariantCulture, $"confetti noise and {outliers.Count} outlier pictures")),
        .. Labelled is null ? [] : ((string, string)[])[("labelledAnomalies", string.Create(CultureInfo.InvariantCulture, $"{Labelled.Pictures.Count}, {Labelled.Masks.Count(m => m is not null)} with masks"))],
    ];

    /// <summary>What a resumed run must share.</summary>
    public string Digest => string.Join("; ", [
        .. outliers is null ? [] : (string[])[$"outliers {outliers.Digest[..16]}"],
        .. Labelled is null ? [] : (string[])[$"anomalies {Dataset.DigestOf(Labelled.Pictures)[..16]}"]]);

    /// <param name="normals">Indices of normal pictures.</param>
    /// <param name="step">Number of the training step; below 0 for validation, which sees neither labelled anomalies nor photographs that are trained on.</param>
    /// <returns>One anomalous picture for each normal one.</returns>
    public AnomalyBatch Draw(int[] normals, int step)
    {
        bool validating = step < 0;
        Random random = new(unchecked((2 * options.Seed + (validating ? 1 : 0)) * 1_000_003 + Math.Abs(step)));
        (int width, int height) = (context.Input.Width, context.Input.Height);
        byte[] everywhere = new byte[width * height];
        Array.Fill(everywhere, (byte)1);
        List<byte[]> images = [], masks = [];
        for (int i = 0; i < normals.Length; i++)
        {
            if (Labelled is not null && !validating && i % 2 == 0)
            {
                int one = random.Next(Labelled.Images.Count);
                images.Add(Labelled.Images[one]);
                masks.Add(Labelled.Masks[one] ?? everywhere);
            }
            else if (outliers is not null && random.Next(2) == 0)
            {
                images.Add(outliers.Draw(random, validating));
                masks.Add(everywhere);
            }
            else
            {
                byte[] rgb = normal.Rgb(normals, i, step);
                Confetti.Throw(rgb, width, height, gray, random);
                images.Add(rgb);
                masks.Add(everywhere);   // where it lies is known, but image-wise it taught more (docs/decisions.md)
            }
        }
        return AnomalyBatch.Of(images, masks, width, height);
    }

    private static bool IsGray(IReadOnlyList<Tensor> images) => images.All(i =>
    {
        using DisposeScope scope = NewDisposeScope();
        return i.eq(i.narrow(3, 0, 1)).all().item<bool>();
    });
}
