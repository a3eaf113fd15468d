using System.Globalization;
using Edge.Imaging;
using Edge.Training.Backbones;
using TorchSharp;

namespace Edge.Training.Methods.Networks;

/// <summary>A method that trains a fully convolutional network on a frozen trunk, epoch by epoch. Its graph takes pictures of any size, if the trunk does.</summary>
internal abstract class NetworkMethod(Backbone backbone, TrainingSchedule schedule) : DetectionMethod(backbone.Info)
{
    private const int SmallestSide = 32;

    private readonly Dictionary<string, string> parameters = [];
    private Progressed? fitted;

    protected TrainingSchedule Schedule { get; } = schedule;

    protected Backbone Backbone { get; } = backbone;

    public override bool FixedSize => Backbone.Trunk.FixedSize is not null;

    public override double Tolerance => 1e-3;

    public override IReadOnlyDictionary<string, string> Parameters => parameters;

    public override IReadOnlyList<EpochRecord> Epochs => fitted?.Epochs ?? [];

    public override void CheckInput(InputSpec input)
    {
        if (Math.Min(input.Width, input.Height) < SmallestSide) throw new EdgeException($"{Name} needs pictures of at least {SmallestSide} pixels a side. Use --size {SmallestSide} or more.");
        Backbone.Trunk.GridsOf(input.Height, input.Width);   // a custom network may take one size only
    }

    protected void Set(string name, double value) => parameters[name] = value.ToString(CultureInfo.InvariantCulture);

    protected void Set(string name, string value) => parameters[name] = value;

    /// <summary>Trains, and says what came of it.</summary>
    /// <param name="data">What a checkpoint must agree with beside parameters, backbone and pictures.</param>
    protected void Train(
        torch.nn.Module network, LearningPictures learning, Func<int[], int, torch.Tensor> loss, Func<double>? validate, TrainingContext context, string data = "")
    {
        Set("batch", Schedule.BatchSize);
        Set("learningRate", Schedule.LearningRate);
        Set("augmentation", Schedule.Augmentation.ToString());
        string fingerprint = string.Join("; ", [Name, .. parameters.Select(p => $"{p.Key} {p.Value}"), $"epochs {Schedule.EpochsFor(learning.Training.Length)}",
            $"{context.Input.Width}×{context.Input.Height}", $"backbone {Backbone.Info.Sha256[..16]}", $"pictures {learning.Digest[..16]}", data]);
        fitted = new NetworkTraining(network, Schedule, loss, validate, fingerprint).Run(learning.Training.Length, context.Terminal, context.Cancellation);
        context.Terminal.Line($"best of {fitted.Epochs.Count} epochs is {fitted.BestEpoch}, {(validate is null ? "the last one: too few pictures to validate with" : $"chosen on {learning.Validation.Length} normal pictures that are not trained on")}");
        Set("trainedOn", learning.Training.Length);
        Set("validatedOn", learning.Validation.Length);
        Set("epochs", fitted.Epochs.Count);
        Set("bestEpoch", fitted.BestEpoch);
        Set("trainedParameters", network.parameters().Sum(p => p.numel()));
    }
}
