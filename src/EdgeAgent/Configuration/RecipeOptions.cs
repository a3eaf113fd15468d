using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Edge.Imaging;

namespace Edge.Agent.Configuration;

/// <summary>What is set for one product. What is not set is the station's, or the package's.</summary>
internal sealed class RecipeOptions : IValidatableObject
{
    public const string RoiPattern = @"^\d{1,5},\d{1,5},[1-9]\d{0,4},[1-9]\d{0,4}$";

    /// <summary>Name of the model below the models folder; null = the station's.</summary>
    [RegularExpression(StationOptions.ModelPattern)]
    public string? Model { get; set; }

    /// <summary>Region of the frame that is inspected, <c>X,Y,WIDTH,HEIGHT</c> in camera pixels; null = the package's. The model must have been trained on pictures of it.</summary>
    [RegularExpression(RoiPattern)]
    public string? Roi { get; set; }

    /// <summary>
    /// Only what lies in these polygons is seen, <c>X,Y X,Y X,Y</c> in camera pixels (';' before another; one in another is a hole), the rest is black; null = the package's. A model that was
    /// trained with another mask does not know the black and rejects for it: give <c>edge-trainer train --mask</c> the same one.
    /// </summary>
    public string? Mask { get; set; }

    /// <summary>Aravis: exposure time of this product's pictures, microseconds; null = the station's. When one recipe sets it, each must, or the station.</summary>
    [Range(1.0, 60_000_000.0)]
    public double? ExposureUs { get; set; }

    /// <summary>Aravis: gain of this product's pictures, in the camera's unit (mostly dB); null = the station's. When one recipe sets it, each must, or the station.</summary>
    [Range(0.0, 1000.0)]
    public double? Gain { get; set; }

    /// <summary>Raw image score from which on a part is rejected; null = the package's. Not tied to what the package promises about its own.</summary>
    [Range(-1e30, 1e30)]
    public double? Threshold { get; set; }

    /// <summary>Milliseconds from trigger to verdict; null = the station's.</summary>
    [Range(1, 600_000)]
    public int? DeadlineMs { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Mask is null) yield break;
        string? why = null;
        try
        {
            FrameMask.Parse(Mask);
        }
        catch (EdgeException e)
        {
            why = e.Message;
        }
        if (why is not null) yield return new ValidationResult(why, [nameof(Mask)]);
    }

    internal Roi? Region => ParseRoi(Roi);

    internal static Roi? ParseRoi(string? text) =>
        text?.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray() is [var x, var y, var width, var height] ? new Roi(x, y, width, height) : null;
}
