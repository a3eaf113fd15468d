using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;

namespace Edge.Agent.Models;

/// <summary>A model that has proved itself. Owned by the slot, then by the loop that took it; the last owner disposes it.</summary>
internal sealed class LoadedModel(Package package, AnomalyDetector detector, DateTimeOffset loadedAt) : IDisposable
{
    public Manifest Manifest { get; } = package.Manifest;
    public string Name => Manifest.Name;
    public int Version => Manifest.Version;
    public Calibration Calibration => Manifest.Calibration;
    public AnomalyDetector Detector { get; } = detector;
    public Preprocessor Preprocessor { get; } = new(package.Manifest.Input);
    public DateTimeOffset LoadedAt { get; } = loadedAt;

    public void Dispose() => Detector.Dispose();
}
