namespace Edge.Agent.Models;

internal enum ModelState
{
    /// <summary>Nothing aspired, nothing runs.</summary>
    None = 0,
    Loading,
    Running,
    /// <summary>The aspired version is refused; what runs stays.</summary>
    Refused,
}

/// <param name="Aspired">What <c>current</c> names, or <c>canary</c> for this station.</param>
/// <param name="Refusal">Why the aspired version does not run.</param>
/// <param name="Canary">The aspired version is this station's before the others have it.</param>
internal sealed record ModelStatus(ModelState State, int? Aspired, string? Refusal, bool Canary = false);
