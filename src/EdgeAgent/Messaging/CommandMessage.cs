using System.Buffers;

namespace Edge.Agent.Messaging;

/// <summary>A message on the <c>command</c> topic.</summary>
internal sealed record CommandMessage
{
    public const string ChangeRecipe = "change-recipe", Pause = "pause", Resume = "resume", SelfTest = "self-test", Activate = "activate", RollBack = "rollback", Shadow = "shadow", Canary = "canary";

    public static readonly IReadOnlyList<string> Commands = [ChangeRecipe, Pause, Resume, SelfTest, Activate, RollBack, Shadow, Canary];

    /// <summary>One of <see cref="Commands"/>.</summary>
    public required string Command { get; init; }

    /// <summary>change-recipe: which.</summary>
    public string? Recipe { get; init; }

    /// <summary>activate, shadow and canary: which of the current recipe's model; null = no shadow or canary any more.</summary>
    public int? Version { get; init; }

    /// <summary>activate, rollback, shadow and canary: goes into the model's history.</summary>
    public string? Why { get; init; }

    public override string ToString() => $"{Command} {Recipe}{Version}".TrimEnd();

    /// <summary>Null, and why, when it is not a command.</summary>
    public static CommandMessage? Parse(ReadOnlySequence<byte> payload, out string? why) =>
        StrictJson.Parse(payload, Trigger.MaxBytes, MessageJson.Default.CommandMessage, c => c.WhyInvalid(), out why);

    private string? WhyInvalid() =>
        !Commands.Contains(Command) ? $"command must be one of {string.Join(", ", Commands)}"
        : (Recipe is not null) != (Command == ChangeRecipe) ? $"recipe belongs to {ChangeRecipe}, and only there"
        : Recipe?.Length > Trigger.MaxTextLength ? $"recipe must be at most {Trigger.MaxTextLength} characters"
        : Version is null ? Command == Activate ? $"{Activate} needs a version" : WhyWrong()
        : Command is not (Activate or Shadow or Canary) ? $"version belongs to {Activate}, {Shadow} and {Canary}, and only there"
        : Version < 1 ? "version must be at least 1"
        : WhyWrong();

    private string? WhyWrong() =>
        Why is not null && Command is not (Activate or RollBack or Shadow or Canary) ? $"why belongs to {Activate}, {RollBack}, {Shadow} and {Canary}, and only there"
        : Why?.Length > Trigger.MaxTextLength ? $"why must be at most {Trigger.MaxTextLength} characters"
        : null;
}

/// <summary>The answer to a command.</summary>
/// <param name="Reason">Why it was not done; null when it was.</param>
/// <param name="Recipe">In force now; null for a station without recipes.</param>
/// <param name="Version">Of the model that the next part is inspected with; null when there is none.</param>
internal sealed record ResponseMessage(string? Command, bool Ok, string? Reason, string? Recipe, string Model, int? Version, bool Paused, double DurationMs);
