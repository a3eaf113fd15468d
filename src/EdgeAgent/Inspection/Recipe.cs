using Edge.Agent.Capture;
using Edge.Agent.Configuration;
using Edge.Packages;

namespace Edge.Agent.Inspection;

/// <summary>What a station makes: a product, the model for it and what is set beside the model's package.</summary>
/// <param name="Name">Null for a station without recipes.</param>
/// <param name="Deadline">From trigger to verdict; null = no limit.</param>
/// <param name="Camera">Its pictures are taken so.</param>
internal sealed record Recipe(string? Name, string Model, TimeSpan? Deadline, CameraSettings Camera, RecipeOptions Options)
{
    /// <summary>For parts of a ledger without recipes.</summary>
    public static Recipe None { get; } = new(null, "", null, new CameraSettings(null, null), new RecipeOptions());

    public static Recipe Of(string? name, StationOptions station)
    {
        RecipeOptions options = name is null ? new RecipeOptions() : station.Recipes[name];
        return new Recipe(name, options.Model ?? station.Model!, (options.DeadlineMs ?? station.DeadlineMs) is { } ms ? TimeSpan.FromMilliseconds(ms) : null, CameraSettings.Of(station.Source.Aravis, options), options);
    }

    /// <summary>The package as this recipe uses it.</summary>
    public Manifest Apply(Manifest manifest)
    {
        if (Options.Region is { } region) manifest = manifest with { Input = manifest.Input with { Roi = region } };
        if (Options.Mask is { } mask) manifest = manifest with { Input = manifest.Input with { Mask = mask } };
        if (Options.Threshold is not { } threshold) return manifest;
        float? review = manifest.Calibration.ReviewFrom < threshold ? manifest.Calibration.ReviewFrom : null;
        return manifest with { Calibration = manifest.Calibration with { Method = $"recipe {Name}", Threshold = (float)threshold, FalseRejectRate = null, ReviewFrom = review, ReviewPromise = null } };
    }
}
