using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Mode FreeRunning: when a part is there. One part is one inspection.</summary>
internal sealed class PresenceOptions : IValidatableObject
{
    /// <summary>Mode FreeRunning: picture of the empty scene, as large as a frame; a part is what differs from it. None = every frame is a part.</summary>
    public string? Empty { get; set; }

    /// <summary>Where a part is looked for, <c>X,Y,WIDTH,HEIGHT</c> in camera pixels; null = the whole frame.</summary>
    [RegularExpression(RecipeOptions.RoiPattern)]
    public string? Region { get; set; }

    /// <summary>Mean difference from the empty scene, gray levels of 255, from which on a part is there. <c>edge_presence_difference</c> shows what it is.</summary>
    [Range(0.1, 255.0)]
    public double EnterAt { get; set; } = 12;

    /// <summary>Mean difference below which the part has left. Lower than EnterAt: one part that flickers is not two.</summary>
    [Range(0.0, 255.0)]
    public double LeaveAt { get; set; } = 6;

    /// <summary>The part is inspected in so manieth frame in a row that shows it: the first may show half of it.</summary>
    [Range(1, 100)]
    public int Frames { get; set; } = 2;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LeaveAt >= EnterAt) yield return new ValidationResult("must be lower than EnterAt", [nameof(LeaveAt)]);
    }
}
