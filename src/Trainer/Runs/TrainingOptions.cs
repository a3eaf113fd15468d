using Edge.Imaging;

namespace Edge.Training.Runs;

/// <summary>What a training run is told, whatever its method.</summary>
internal sealed record TrainingOptions
{
    public required string Data { get; init; }

    /// <summary>Name of the package.</summary>
    public required string Name { get; init; }

    /// <summary>Folder of all packages.</summary>
    public required string Models { get; init; }

    public required InputSpec Input { get; init; }

    /// <summary>Fraction of the normal pictures held out for the threshold.</summary>
    public double HoldOut { get; init; } = 0.2;

    /// <summary>Folder of normal pictures for the threshold, instead of held-out ones; all of <see cref="Data"/>'s are then trained on.</summary>
    public string? CalibrateOn { get; init; }

    /// <summary>null = 1 %, or the strictest rate the held-out pictures allow.</summary>
    public double? FalseRejectRate { get; init; }

    /// <summary>0 = all cores.</summary>
    public int Threads { get; init; }

    /// <summary>A picture that can't be read is an error.</summary>
    public bool Strict { get; init; }
}
