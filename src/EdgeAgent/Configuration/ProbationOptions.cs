using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Section <c>Edge:Probation</c>.</summary>
internal sealed class ProbationOptions
{
    /// <summary>So many parts a newer version is on probation: rejects and reviews, or errors, that are clearly more than with the version before roll it back. 0 = no probation.</summary>
    [Range(0, 10_000)]
    public int Parts { get; set; } = 100;

    /// <summary>A canary that has passed its probation at all its stations becomes current by itself. Else somebody activates it.</summary>
    public bool PromoteCanary { get; set; }

    /// <summary>Largest probability that a version that is as good as the one before is rolled back.</summary>
    [Range(1e-9, 0.5)]
    public double FalseAlarm { get; set; } = 0.001;
}
