namespace Edge.Training.Distillation;

/// <summary>What is distilled into what.</summary>
internal sealed record DistillOptions
{
    /// <summary>Pictures of anything.</summary>
    public required string Photographs { get; init; }

    /// <summary>Weights file that is written.</summary>
    public required string Out { get; init; }

    /// <summary>Side of a crop as a PDN sees it, pixels; the trunk sees it at twice that (EfficientAD, section 3.1: 512 and 256).</summary>
    public int Crop { get; init; } = 96;

    public int Seed { get; init; }

    /// <exception cref="EdgeException">A value is out of range.</exception>
    public DistillOptions Check()
    {
        if (Crop is < 32 or > 512 || Crop % 16 != 0) throw new EdgeException($"--crop {Crop} must be a multiple of 16, 32 to 512.");
        return this;
    }
}
