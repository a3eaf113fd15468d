namespace Edge.Training.Methods.Fcdd;

/// <summary>The head's width, and what is shown to it as anomalous.</summary>
internal sealed record FcddOptions
{
    /// <summary>Channels between the trunk's features and the head.</summary>
    public int Hidden { get; init; } = 128;

    /// <summary>Folder of photographs of anything but the part; null = confetti noise.</summary>
    public string? Outliers { get; init; }

    /// <summary>Folder of labelled anomalous pictures; null = none.</summary>
    public string? Anomalies { get; init; }

    public int Seed { get; init; }

    /// <exception cref="EdgeException">A value is out of range.</exception>
    public FcddOptions Check() => Hidden is >= 1 and <= 4096 ? this : throw new EdgeException($"--hidden {Hidden} must be 1 to 4096.");
}
