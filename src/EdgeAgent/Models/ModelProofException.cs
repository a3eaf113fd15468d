namespace Edge.Agent.Models;

/// <summary>A graph that crashed, stalled, ate memory or gave other scores: the same files will do so again.</summary>
internal sealed class ModelProofException(string message) : EdgeException(message);
