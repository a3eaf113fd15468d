using Edge.Imaging;

namespace Edge.Training.Runs;

/// <summary>What a training run is told, whatever its method: the options of <c>edge-trainer train</c>.</summary>
public sealed record TrainingOptions
{
    /// <summary>A data set in MVTec AD's layout, or a plain folder of normal pictures.</summary>
    public required string Data { get; init; }

    /// <summary>Name of the package: a-z, 0-9, '.', '_', '-'.</summary>
    public required string Name { get; init; }

    /// <summary>Folder of all packages: the result is <c>Models/Name/&lt;version&gt;</c>, and <c>Models/Name/current</c> names it.</summary>
    public required string Models { get; init; }

    /// <summary>What the graph takes: size in pixels, region of the frame, white level.</summary>
    public InputSpec Input { get; init; } = new() { Width = 256, Height = 256 };

    /// <summary>Fraction of the normal pictures held out for the threshold.</summary>
    public double HoldOut { get; init; } = 0.2;

    /// <summary>Folder of normal pictures for the threshold, instead of held-out ones; all of <see cref="Data"/>'s are then trained on.</summary>
    public string? CalibrateOn { get; init; }

    /// <summary>null = 1 %, or the strictest rate the held-out pictures allow.</summary>
    public double? FalseRejectRate { get; init; }

    /// <summary>Convolutions in 8-bit integers, where held-out pictures keep their order; float32 otherwise.</summary>
    public bool Quantise { get; init; }

    /// <summary>Of everything random.</summary>
    public int Seed { get; init; }

    /// <summary>0 = all cores.</summary>
    public int Threads { get; init; }

    /// <summary>A picture that can't be read is an error.</summary>
    public bool Strict { get; init; }
}
