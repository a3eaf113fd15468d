using System.Globalization;
using Edge.Imaging;
using Edge.Training.Data;
using Edge.Training.Distillation;
using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.EfficientAd;

/// <summary>EfficientAD (Batzner et al., arXiv 2303.14535): where a student that saw only normal parts differs from its teacher and from an autoencoder.</summary>
internal sealed class EfficientAdMethod(Teacher weights, EfficientAdOptions options, TrainingSchedule schedule) : DetectionMethod(weights.Info)
{
    private const int MostPixels = 1 << 23;   // of each map, for the quantiles

    private readonly PatchDescriptionNetwork teacher = PatchDescriptionNetwork.Read(weights.File);
    private readonly Dictionary<string, string> parameters = new()
    {
        ["steps"] = Text(schedule.Quick ? TrainingSchedule.QuickSteps : schedule.Steps ?? 0),
        ["batch"] = Text(schedule.BatchSize),
        ["learningRate"] = Text(schedule.LearningRate),
        ["decay"] = schedule.Decay.ToString().ToLowerInvariant(),
        ["hardQuantile"] = Text(HardFeatureLoss.Quantile),
        ["penalty"] = options.Photographs is null ? "none" : "photographs",
        ["seed"] = Text(options.Seed),
    };

    private EfficientAdNetwork? network;
    private MapQuantiles? local, global;
    private Progressed? fitted;

    public override string Name => "efficientad";

    public override double Tolerance => 1e-3;

    public override IReadOnlyDictionary<string, string> Parameters => parameters;

    public override IReadOnlyList<EpochRecord> Epochs => fitted?.Epochs ?? [];

    public override void CheckInput(InputSpec input)
    {
        foreach (int side in (int[])[input.Width, input.Height])
            if (side % Autoencoder.Multiple != 0 || side < 2 * Autoencoder.Multiple)
                throw new EdgeException($"EfficientAD needs a size that is a multiple of {Autoencoder.Multiple} and at least {2 * Autoencoder.Multiple}; {side} is not. Use --size {Math.Max(2, (side + Autoencoder.Multiple / 2) / Autoencoder.Multiple) * Autoencoder.Multiple}.");
    }

    public override void Fit(IReadOnlyList<Picture> pictures, TrainingContext context)
    {
        using DisposeScope scope = NewDisposeScope();
        Photographs? photographs = options.Photographs is { } folder ? Photographs.Open(folder, context.Terminal, context.Cancellation) : null;
        if (photographs is null) context.Terminal.Warn("without --photographs there is no pretraining penalty: the student may learn to follow its teacher on anomalies too");
        LearningPictures learning = LearningPictures.Load(pictures, context);
        context.Terminal.Progress("standardising the teacher", progress =>
        {
            Standardise(learning, f => progress.Report(f), context.Cancellation);
            return 0;
        });
        network = new EfficientAdNetwork(teacher.Shape, context.Input.Height, context.Input.Width, options.Seed);
        using CachedFeatures features = new(Describe, learning.Images);
        EfficientAdTraining training = new(network, teacher, features, learning.Images, learning.Training, photographs, options.Seed);
        string fingerprint = string.Join("; ", [Name, .. parameters.Select(p => $"{p.Key} {p.Value}"), $"{context.Input.Width}×{context.Input.Height}", $"teacher {Weights.Sha256[..16]}",
            $"pictures {learning.Digest[..16]}", $"photographs {photographs?.Digest[..16] ?? "none"}"]);
        fitted = new NetworkTraining(network, schedule, training.Loss, null, fingerprint).Run(learning.Training.Length, context.Terminal, context.Cancellation);
        int[] judges = learning.Validation.Length > 0 ? learning.Validation : learning.Training;
        if (learning.Validation.Length == 0) context.Terminal.Warn($"{learning.Images.Count} pictures are too few to hold some out for the maps' normalisation: it is taken from those that were trained on");
        (local, global) = QuantilesOf(judges, learning.Images, context.Cancellation);
        parameters["trainedOn"] = Text(learning.Training.Length);
        parameters["normalisedOn"] = Text(judges.Length);
        parameters["teacher"] = $"pdn-{teacher.Shape.Size} {string.Join(',', teacher.Shape.Layers.Select(l => l.Out))}";
        parameters["trainedParameters"] = Text(network.parameters().Sum(p => p.numel()));
        foreach ((string name, MapQuantiles q) in ((string, MapQuantiles)[])[("studentTeacher", local), ("studentAutoencoder", global)]) parameters[$"{name}Quantiles"] = $"{Text(q.Low)} {Text(q.High)}";
    }

    public override void Export(string path, InputSpec input) => new EfficientAdExport(teacher, Fitted, local!, global!, input).Save(path);

    public override (Tensor Score, Tensor Map) Score(Tensor images)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        (Tensor first, Tensor second) = RawMaps(images);
        // Averaged before they are enlarged: bilinear interpolation of a weighted sum is that of its terms.
        Tensor combined = (first * local!.Scale + local.Offset + second * global!.Scale + global.Offset) / 2;
        Tensor map = Enlarge(combined, images).cpu();
        return (map.amax([1, 2]).MoveToOuterDisposeScope(), map.MoveToOuterDisposeScope());
    }

    public override void Dispose()
    {
        teacher.Dispose();
        network?.Dispose();
        base.Dispose();
    }

    private EfficientAdNetwork Fitted => network ?? throw new InvalidOperationException("Fit comes first.");

    private Tensor[] Describe(Tensor images) => [teacher.call(ImageTensor.Normalise(ImageTensor.Unit(images)))];

    /// <summary>Channel by channel over the training pictures, as the paper's normalised teacher.</summary>
    private void Standardise(LearningPictures learning, Action<double> progress, CancellationToken cancellation)
    {
        using IDisposable inference = no_grad();
        using ChannelStatistics statistics = new(teacher.Shape.Outputs);
        for (int i = 0; i < learning.Training.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            statistics.Add(Describe(learning.Images[learning.Training[i]])[0]);
            progress((i + 1.0) / learning.Training.Length);
        }
        teacher.Standardise(statistics.Mean(), statistics.Deviation());
    }

    private (Tensor Local, Tensor Global) RawMaps(Tensor images)
    {
        Tensor image = ImageTensor.Normalise(ImageTensor.Unit(images));
        return Fitted.Maps(image, teacher.call(image));
    }

    private (MapQuantiles Local, MapQuantiles Global) QuantilesOf(int[] judges, IReadOnlyList<Tensor> images, CancellationToken cancellation)
    {
        using IDisposable inference = no_grad();
        List<float> first = [], second = [];
        foreach (int i in judges)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            (Tensor a, Tensor b) = RawMaps(images[i]);
            int stride = (int)Math.Max(1, images[i].numel() / 3 * judges.Length / MostPixels) | 1;   // odd: shares no factor with a width that is a power of two
            foreach ((List<float> values, Tensor map) in ((List<float>, Tensor)[])[(first, a), (second, b)])
            {
                float[] pixels = Enlarge(map, images[i]).Values<float>();
                for (int k = 0; k < pixels.Length; k += stride) values.Add(pixels[k]);
            }
        }
        return (MapQuantiles.Of([.. first]), MapQuantiles.Of([.. second]));
    }

    /// <returns>[N, H, W].</returns>
    private static Tensor Enlarge(Tensor grid, Tensor images) =>
        nn.functional.interpolate(grid, [images.shape[1], images.shape[2]], mode: InterpolationMode.Bilinear, align_corners: false).squeeze(1);

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
