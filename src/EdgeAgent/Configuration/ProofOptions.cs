using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Section <c>Edge:Proof</c>.</summary>
internal sealed class ProofOptions
{
    /// <summary>So long a new graph may take in a process of its own to load, warm up and give its golden images' scores, seconds. 0 = it is loaded in the agent alone, and what it crashes is the agent.</summary>
    [Range(0, 3600)]
    public int Seconds { get; set; } = 60;

    /// <summary>So much writable memory that process may have, MiB.</summary>
    [Range(256, 1_048_576)]
    public int MemoryMb { get; set; } = 2048;
}
