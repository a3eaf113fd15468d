namespace Edge.Training.Runs;

/// <summary>What <c>extend</c> is told.</summary>
internal sealed record ExtensionOptions
{
    /// <summary>New normal pictures: <c>train/good</c> or a plain folder.</summary>
    public required string Data { get; init; }

    /// <summary>Most bytes of the new memory bank; null = what the package was trained with.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Fraction of the new pictures held out for the threshold.</summary>
    public double HoldOut { get; init; } = 0.2;

    /// <summary>Folder of normal pictures, old and new ones, for the threshold instead of held-out new ones.</summary>
    public string? CalibrateOn { get; init; }

    /// <summary>null = 1 %, or the strictest rate the held-out pictures allow.</summary>
    public double? FalseRejectRate { get; init; }

    /// <summary>The new version becomes the current one.</summary>
    public bool SetCurrent { get; init; } = true;

    /// <summary>0 = all cores.</summary>
    public int Threads { get; init; }

    /// <summary>A picture that can't be read is an error.</summary>
    public bool Strict { get; init; }
}
