namespace Edge.Agent.Messaging;

/// <summary>The topics of one station.</summary>
internal sealed class Topics(string line, string station)
{
    private readonly string prefix = $"edge/{line}/{station}/";

    public string Trigger => field ??= prefix + "trigger";
    public string Acquired => field ??= prefix + "acquired";
    public string Verdict => field ??= prefix + "verdict";
    public string Record => field ??= prefix + "record";
    public string Heatmap => field ??= prefix + "heatmap";
    public string Status => field ??= prefix + "status";
    public string Model => field ??= prefix + "model";
    public string Drift => field ??= prefix + "drift";
    public string Recipe => field ??= prefix + "recipe";
    public string Command => field ??= prefix + "command";

    /// <summary>What every response topic begins with.</summary>
    public string Responses => field ??= prefix + "response/";
}
