using System.Text.Json.Serialization;
using Edge.Training.Service.Gates;

namespace Edge.Training.Service.Runs;

internal enum RunState
{
    /// <summary>Waits for its turn.</summary>
    Queued = 0,
    Running,
    /// <summary>The candidate passed every gate and is a version now.</summary>
    Published,
    /// <summary>A gate refused the candidate.</summary>
    Refused,
    /// <summary>There is no candidate: the data, the training or the disk did not allow one.</summary>
    Failed,
    Cancelled,
}

/// <summary>Why a run starts.</summary>
internal enum RunCause
{
    Command = 0,
    Schedule,
    Reviews,

    /// <summary>An agent says that the model's scores are not as when it was calibrated.</summary>
    Drift,
}

/// <summary>One training of one product, from the wish to its end. Kept on the disk, so that none is lost.</summary>
/// <param name="Id">The same id is the same run. A folder's name, too.</param>
internal sealed record RetrainingRun(string Id, string Product, RunCause Cause, DateTimeOffset RequestedAt)
{
    public RunState State { get; init; }

    /// <summary>Times it was begun; more than once after the program was cut off.</summary>
    public int Attempts { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>That was published.</summary>
    public int? Version { get; init; }

    /// <summary>Why it failed or was refused; null when it was not.</summary>
    public string? Reason { get; init; }

    /// <summary>Null until they were measured.</summary>
    public IReadOnlyList<Gate>? Gates { get; init; }

    [JsonIgnore]
    public bool IsOver => State > RunState.Running;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true, RespectNullableAnnotations = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(RetrainingRun))]
[JsonSerializable(typeof(GateReport))]
internal sealed partial class RunJson : JsonSerializerContext;
