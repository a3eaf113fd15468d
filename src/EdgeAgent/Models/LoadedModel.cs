using Edge.Agent.Inspection;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;

namespace Edge.Agent.Models;

/// <summary>A model that has proved itself. Owned by the slot, then by the loop that took it; the last owner disposes it.</summary>
internal sealed class LoadedModel(Package package, Recipe recipe, AnomalyDetector detector, DateTimeOffset loadedAt) : IDisposable
{
    public Recipe Recipe { get; } = recipe;

    /// <summary>As the recipe uses it.</summary>
    public Manifest Manifest { get; } = recipe.Apply(package.Manifest);
    public string Name => Manifest.Name;
    public int Version => Manifest.Version;

    /// <summary>Id of the trusted key that signed the package; null when no keys are configured.</summary>
    public string? SignedBy { get; } = package.SignedBy;
    public Calibration Calibration => Manifest.Calibration;
    public AnomalyDetector Detector { get; } = detector;
    public Preprocessor Preprocessor { get; } = new(recipe.Apply(package.Manifest).Input);
    /// <summary>Who named it to run; null when the history does not say.</summary>
    public Activation? Activation { get; init; }
    public DateTimeOffset LoadedAt { get; } = loadedAt;

    public void Dispose() => Detector.Dispose();
}
