using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Section <c>Edge:SelfTest</c>.</summary>
internal sealed class SelfTestOptions
{
    /// <summary>So often every station's running package is read from the disk again, verified, and run on its golden images beside the line's work; 0 = only when a command asks.</summary>
    [Range(0, 8760)]
    public int EveryHours { get; set; } = 24;
}
