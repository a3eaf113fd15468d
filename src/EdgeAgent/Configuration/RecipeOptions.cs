using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Edge.Imaging;

namespace Edge.Agent.Configuration;

/// <summary>What is set for one product. What is not set is the station's, or the package's.</summary>
internal sealed class RecipeOptions
{
    public const string RoiPattern = @"^\d{1,5},\d{1,5},[1-9]\d{0,4},[1-9]\d{0,4}$";

    /// <summary>Name of the model below the models folder; null = the station's.</summary>
    [RegularExpression(StationOptions.ModelPattern)]
    public string? Model { get; set; }

    /// <summary>Region of the frame that is inspected, <c>X,Y,WIDTH,HEIGHT</c> in camera pixels; null = the package's. The model must have been trained on pictures of it.</summary>
    [RegularExpression(RoiPattern)]
    public string? Roi { get; set; }

    /// <summary>Raw image score from which on a part is rejected; null = the package's. Not tied to what the package promises about its own.</summary>
    [Range(-1e30, 1e30)]
    public double? Threshold { get; set; }

    /// <summary>Milliseconds from trigger to verdict; null = the station's.</summary>
    [Range(1, 600_000)]
    public int? DeadlineMs { get; set; }

    internal Roi? Region => ParseRoi(Roi);

    internal static Roi? ParseRoi(string? text) =>
        text?.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray() is [var x, var y, var width, var height] ? new Roi(x, y, width, height) : null;
}
