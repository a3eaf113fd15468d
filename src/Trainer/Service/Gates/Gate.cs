namespace Edge.Training.Service.Gates;

/// <summary>One condition of publication, as it was measured.</summary>
/// <param name="Name">parity, auroc, misses, falseRejects, latency, latencyMs or size.</param>
/// <param name="Figure">Null: it can't be measured, and the gate lets pass.</param>
/// <param name="Limit">The figure may not be larger (auroc: not smaller).</param>
/// <param name="Words">What was measured on what, or why it was not.</param>
internal sealed record Gate(string Name, bool Passed, double? Figure, double? Limit, string Words)
{
    public static Gate AtMost(string name, double figure, double limit, string words) => new(name, figure <= limit, figure, limit, words);

    public static Gate Unmeasured(string name, string why) => new(name, true, null, null, why);

    public override string ToString() =>
        FormattableString.Invariant($"{Name} {(Figure is { } f ? $"{f:0.######}" : "not measured")}{(Limit is { } l ? $" (limit {l:0.######})" : "")}: {(Passed ? "passed" : "refused")}; {Words}");
}

/// <summary><c>gates.json</c> of a package that the service made, or of a candidate that was refused.</summary>
/// <param name="Run">Id of the run that trained it.</param>
/// <param name="Running">Version that the candidate was compared with; null when there was none.</param>
/// <param name="Training">Normal pictures that the run had to train on (some of them for the threshold).</param>
/// <param name="HeldOut">Pictures of the hold-out.</param>
internal sealed record GateReport(string Run, string Cause, int? Running, int Training, int HeldOut, DateTimeOffset MeasuredAt, IReadOnlyList<Gate> Gates)
{
    public const string File = "gates.json";

    /// <summary>Null when every gate lets pass.</summary>
    public string? Refusal => Gates.Any(g => !g.Passed) ? string.Join("; ", Gates.Where(g => !g.Passed)) : null;

    public string ToJson() => System.Text.Json.JsonSerializer.Serialize(this, Runs.RunJson.Default.GateReport);
}
