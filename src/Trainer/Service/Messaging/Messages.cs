using System.Text.Json.Serialization;
using Edge.Training.Service.Gates;
using Edge.Training.Service.Runs;

namespace Edge.Training.Service.Messaging;

/// <summary>On the <c>command</c> topic. Strict: it starts hours of work.</summary>
internal sealed record TrainerCommand
{
    public const string Train = "train", Cancel = "cancel", Ask = "ask";
    public const int MaxBytes = 4096;

    public static readonly IReadOnlyList<string> Commands = [Train, Cancel, Ask];

    /// <summary>train, cancel or ask.</summary>
    public required string Command { get; init; }

    /// <summary>Id of the run: whoever commands it gives it a name, and the same name twice is one run.</summary>
    public required string Run { get; init; }

    /// <summary>train: of which model.</summary>
    public string? Product { get; init; }

    public override string ToString() => $"{Command} {Run} {Product}".TrimEnd();
}

/// <summary>The answer to a command.</summary>
/// <param name="Reason">Why it was not done; null when it was.</param>
/// <param name="Run">As it is now; null when there is none of that id.</param>
internal sealed record TrainerResponse(string? Command, bool Ok, string? Reason, RunMessage? Run);

/// <summary>A run as others see it.</summary>
/// <param name="State">queued, running, published, refused, failed or cancelled.</param>
/// <param name="Cause">command, schedule, reviews or drift.</param>
/// <param name="Progress">The training's last word; null when it does not run.</param>
internal sealed record RunMessage(
    string Run, string Product, string Cause, string State, string? Progress, int Attempts, DateTimeOffset RequestedAt, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, int? Version, string? Reason,
    IReadOnlyList<Gate>? Gates)
{
    public static RunMessage? Of(RetrainingRun? run, string? progress = null) => run is null ? null
        : new(run.Id, run.Product, run.Cause.Wire(), run.State.Wire(), run.State == RunState.Running ? progress : null, run.Attempts, run.RequestedAt, run.StartedAt, run.EndedAt, run.Version, run.Reason, run.Gates);
}

/// <summary>Retained on <c>status</c>.</summary>
/// <param name="Queued">Runs that wait.</param>
/// <param name="Last">The run that was over last.</param>
internal sealed record TrainerStatus(string State, RunMessage? Run, int Queued, RunMessage? Last, string Build, DateTimeOffset Since);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    MaxDepth = 6)]
[JsonSerializable(typeof(TrainerCommand))]
[JsonSerializable(typeof(TrainerResponse))]
[JsonSerializable(typeof(TrainerStatus))]
[JsonSerializable(typeof(RunMessage))]
internal sealed partial class TrainerJson : JsonSerializerContext;
