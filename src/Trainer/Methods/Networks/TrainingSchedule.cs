namespace Edge.Training.Methods.Networks;

/// <summary>How the learning rate changes.</summary>
internal enum LearningRateDecay
{
    /// <summary>A warm-up of a twentieth of all steps, then along a cosine to a hundredth: for short runs.</summary>
    Cosine,

    /// <summary>Constant, a tenth of it for the last twentieth: EfficientAD's.</summary>
    Step,
}

/// <summary>How a network is trained, whatever it is.</summary>
internal sealed record TrainingSchedule
{
    /// <summary>Where <see cref="Epochs"/> is null: as many passes as come to this many steps. Some 2 minutes of two quiet cores for FastFlow.</summary>
    public const int UsualSteps = 240;

    /// <summary>Of EfficientAD; the paper's run has 70,000.</summary>
    public const int EfficientAdSteps = 1000, EfficientAdEpoch = 100;

    /// <summary>Of a distillation.</summary>
    public const int DistillationSteps = 4000, DistillationEpoch = 100;

    /// <summary>Steps of a smoke run.</summary>
    public const int QuickSteps = 10;

    /// <summary>Passes over the training pictures; null = what comes to <see cref="UsualSteps"/>.</summary>
    public int? Epochs { get; init; }

    /// <summary>Steps in all instead of <see cref="Epochs"/>; the last epoch ends where they do.</summary>
    public int? Steps { get; init; }

    /// <summary>Clock time of all epochs, instead of a number of them: the learning rate falls with the time. Not repeatable.</summary>
    public TimeSpan? Limit { get; init; }

    /// <summary>Steps of an epoch at most: how often it is validated and a checkpoint written. null = one pass.</summary>
    public int? EpochSteps { get; init; }

    /// <summary>Pictures a step.</summary>
    public int BatchSize { get; init; } = 4;

    /// <summary>Of Adam.</summary>
    public double LearningRate { get; init; } = 1e-3;

    public LearningRateDecay Decay { get; init; }

    /// <summary>Epochs without a better validation loss before it stops, and at least a quarter of all.</summary>
    public int Patience { get; init; } = 3;

    /// <summary>Written after every epoch; null = none.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Goes on from <see cref="Checkpoint"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>A few steps, to see that everything works.</summary>
    public bool Quick { get; init; }

    /// <summary>Of the normal pictures.</summary>
    public Augmentation Augmentation { get; init; } = Augmentation.None;

    public int Seed { get; init; }

    /// <summary>What was asked for, for a checkpoint's fingerprint; null = passes, which depend on the pictures.</summary>
    public string? Length => Quick ? "quick" : Limit is { } limit ? FormattableString.Invariant($"{limit.TotalMinutes} minutes") : Steps is { } steps ? FormattableString.Invariant($"{steps} steps") : null;

    public int StepsPerEpoch(int pictures) => Math.Min((pictures + BatchSize - 1) / BatchSize, Quick ? QuickSteps : EpochSteps ?? int.MaxValue);

    public int EpochsFor(int pictures) => Quick ? 1 : Limit is not null ? int.MaxValue : Steps is { } steps ? (steps + StepsPerEpoch(pictures) - 1) / StepsPerEpoch(pictures) : Epochs ?? Math.Max(1, (UsualSteps + StepsPerEpoch(pictures) - 1) / StepsPerEpoch(pictures));

    /// <summary>Where step <paramref name="done"/> stands between 0 and the end: in steps, or in milliseconds where time is limited.</summary>
    /// <param name="elapsed">Of all epochs.</param>
    public (int Done, int Total) Position(int done, TimeSpan elapsed, int pictures) => Limit is { } limit && !Quick
        ? ((int)elapsed.TotalMilliseconds, (int)limit.TotalMilliseconds)
        : (done, Math.Min(EpochsFor(pictures) * StepsPerEpoch(pictures), Quick ? int.MaxValue : Steps ?? int.MaxValue));

    public double Rate(int step, int steps)
    {
        if (Decay == LearningRateDecay.Step) return step < 0.95 * steps ? LearningRate : LearningRate / 10;
        double warm = Math.Min(1, (step + 1.0) / (1 + steps / 20));
        return LearningRate * warm * (0.01 + 0.99 * (1 + Math.Cos(Math.PI * step / steps)) / 2);
    }

    /// <exception cref="EdgeException">A value is out of range.</exception>
    public TrainingSchedule Check()
    {
        if (Epochs is < 1 or > 1_000_000) throw new EdgeException($"--epochs {Epochs} must be 1 to 1000000.");
        if (Steps is < 1 or > 100_000_000) throw new EdgeException($"--steps {Steps} must be 1 to 100000000.");
        if (Limit is { } limit && (limit < TimeSpan.FromSeconds(1) || limit > TimeSpan.FromDays(20))) throw new EdgeException($"--minutes must be 1/60 to {20 * 24 * 60}.");
        if (Steps is not null && Limit is not null) throw new EdgeException("--steps and --minutes exclude each other.");
        if (BatchSize is < 1 or > 1024) throw new EdgeException($"--batch {BatchSize} must be 1 to 1024.");
        if (LearningRate is not (> 0 and <= 1)) throw new EdgeException($"--learning-rate {LearningRate} must be above 0 and at most 1.");
        if (Resume && Checkpoint is null) throw new EdgeException("--resume needs --checkpoint FILE, the file to go on from.");
        return this;
    }
}
