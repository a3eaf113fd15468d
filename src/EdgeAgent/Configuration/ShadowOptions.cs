using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Section <c>Edge:Shadow</c>.</summary>
internal sealed class ShadowOptions
{
    /// <summary>A shadow that has not answered for one part after so long, at the lowest priority, is stopped and refused, seconds.</summary>
    [Range(1, 3600)]
    public int StallSeconds { get; set; } = 60;
}
