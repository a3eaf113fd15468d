using Edge.Agent.Configuration;

namespace Edge.Agent.Capture;

/// <summary>What a recipe sets at the camera; null = it stays as the camera has it.</summary>
/// <param name="ExposureUs">Microseconds.</param>
/// <param name="Gain">The camera's unit, mostly dB.</param>
internal sealed record CameraSettings(double? ExposureUs, double? Gain)
{
    public static CameraSettings Of(AravisOptions station, RecipeOptions? recipe = null) => new(recipe?.ExposureUs ?? station.ExposureUs, recipe?.Gain ?? station.Gain);
}
