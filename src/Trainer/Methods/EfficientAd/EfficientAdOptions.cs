namespace Edge.Training.Methods.EfficientAd;

/// <summary>What is chosen for EfficientAD besides its schedule.</summary>
internal sealed record EfficientAdOptions
{
    /// <summary>Folder for the pretraining penalty; null = without it.</summary>
    public string? Photographs { get; init; }

    public int Seed { get; init; }
}
