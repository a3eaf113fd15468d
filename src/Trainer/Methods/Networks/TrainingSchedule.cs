namespace Edge.Training.Methods.Networks;

/// <summary>How a network is trained, whatever it is.</summary>
internal sealed record TrainingSchedule
{
    /// <summary>Where <see cref="Epochs"/> is null: as many passes as come to this many steps. Some 2 minutes of two quiet cores for FastFlow.</summary>
    public const int UsualSteps = 240;

    /// <summary>Steps of a smoke run.</summary>
    public const int QuickSteps = 10;

    /// <summary>Passes over the training pictures; null = what comes to <see cref="UsualSteps"/>.</summary>
    public int? Epochs { get; init; }

    /// <summary>Pictures a step.</summary>
    public int BatchSize { get; init; } = 4;

    /// <summary>Of Adam after a warm-up of a twentieth of all steps; then it falls to a hundredth along a cosine.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Epochs without a better validation loss before it stops, and at least a quarter of all.</summary>
    public int Patience { get; init; } = 3;

    /// <summary>Written after every epoch; null = none.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Goes on from <see cref="Checkpoint"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>A few steps, to see that everything works.</summary>
    public bool Quick { get; init; }

    public int Seed { get; init; }

    public int StepsPerEpoch(int pictures) => Math.Min((pictures + BatchSize - 1) / BatchSize, Quick ? QuickSteps : int.MaxValue);

    public int EpochsFor(int pictures) => Quick ? 1 : Epochs ?? Math.Max(1, (UsualSteps + StepsPerEpoch(pictures) - 1) / StepsPerEpoch(pictures));

    public double Rate(int step, int steps)
    {
        double warm = Math.Min(1, (step + 1.0) / (1 + steps / 20));
        return LearningRate * warm * (0.01 + 0.99 * (1 + Math.Cos(Math.PI * step / steps)) / 2);
    }

    /// <exception cref="EdgeException">A value is out of range.</exception>
    public TrainingSchedule Check()
    {
        if (Epochs is < 1 or > 1_000_000) throw new EdgeException($"--epochs {Epochs} must be 1 to 1000000.");
        if (BatchSize is < 1 or > 1024) throw new EdgeException($"--batch {BatchSize} must be 1 to 1024.");
        if (LearningRate is not (> 0 and <= 1)) throw new EdgeException($"--learning-rate {LearningRate} must be above 0 and at most 1.");
        if (Resume && Checkpoint is null) throw new EdgeException("--resume needs --checkpoint FILE, the file to go on from.");
        return this;
    }
}
