using System.ComponentModel.DataAnnotations;
using Cronos;

namespace Edge.Training.Service.Configuration;

/// <summary>One model: its pictures, how it is trained, when, and what a candidate must show.</summary>
internal sealed class ProductOptions : IValidatableObject
{
    /// <summary>What is safe inside a topic, a client id and a metric label.</summary>
    public const string LinePattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

    /// <summary>Pictures: train/good, test/good, test/&lt;defect&gt;, ground_truth/&lt;defect&gt; as in MVTec AD, folders good and &lt;defect&gt;, or a plain folder of normal ones. What lies in test is never trained on.</summary>
    [Required]
    public string? Data { get; set; }

    /// <summary>The agent's archive: pictures of accepted parts there are the last normal parts of gate <c>falseRejects</c>. None = the hold-out's normal pictures.</summary>
    public string? Archive { get; set; }

    /// <summary>Stations that run this model, separated by commas: their pictures in the archive count. None = all.</summary>
    public string? Stations { get; set; }

    /// <summary>patchcore, fastflow, fcdd or efficientad.</summary>
    [Required]
    public string Method { get; set; } = "patchcore";

    /// <summary>More options of <c>edge-trainer train</c>, as on the command line: <c>--coreset 0.05 --size 384</c>.</summary>
    public string Arguments { get; set; } = "";

    /// <summary>When a run starts, as five cron fields in local time (minute hour day month weekday): <c>30 2 * * 0</c> is Sundays at 2:30. None = never by the clock. One that was missed because the machine was off starts when it is on again.</summary>
    public string? Schedule { get; set; }

    /// <summary>Pictures that people have judged, in folders good and &lt;defect&gt;: their word counts more than the data folder's. Normal ones are trained on, defects too where the method learns from them (fcdd); else they join the hold-out. None = there are none.</summary>
    public string? Reviewed { get; set; }

    /// <summary>A run starts when so many pictures have come into Reviewed since the last one; null = never for that reason.</summary>
    [Range(1, 1_000_000)]
    public int? ReviewedParts { get; set; }

    /// <summary>A run starts when an agent of this line says on its topic <c>drift</c> that this model's scores have drifted and the camera has not (cause <c>product</c>): one for each time it is flagged, and none if another run was asked for since. Needs Mqtt; somebody should have reviewed parts of the new kind, or it learns nothing new.</summary>
    public bool OnDrift { get; set; }

    /// <summary>Part of the pictures that is held out for good, to compare models on; drawn by content, so a picture's lot never changes. 0 = only what lies in test.</summary>
    [Range(0.0, 0.9)]
    public double HoldOut { get; set; } = 0.2;

    /// <summary>A published candidate becomes <c>current</c>: agents prove and run it. False: somebody activates it.</summary>
    public bool Activate { get; set; }

    public GateOptions Gates { get; set; } = new();

    internal CronExpression? When() => Schedule is null ? null : CronExpression.Parse(Schedule);

    private string[] StationNames() => Stations?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>Is this one of the stations?</summary>
    internal bool Has(string station) => StationNames() is [] || StationNames().Contains(station);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ReviewedParts is not null && Reviewed is null) yield return new ValidationResult("must be set when ReviewedParts is", [nameof(Reviewed)]);
        string? why = null;
        try
        {
            _ = When();
        }
        catch (CronFormatException e)
        {
            why = e.Message;
        }
        if (why is not null) yield return new ValidationResult($"is not five cron fields: {why}", [nameof(Schedule)]);
    }
}

/// <summary>What a candidate must show before it is published. A gate that can't be measured (no anomalous pictures, no model that runs) lets pass and says so.</summary>
internal sealed class GateOptions
{
    /// <summary>Largest relative difference between ONNX Runtime and TorchSharp on real pictures.</summary>
    [Range(0.0, 1.0)]
    public double MaxParityDifference { get; set; } = 1e-3;

    /// <summary>So much lower than the running model's may the image AUROC on the hold-out be.</summary>
    [Range(0.0, 1.0)]
    public double MaxAurocLoss { get; set; } = 0.01;

    /// <summary>So much higher than the running model's may the share of anomalous hold-out pictures be that are not rejected.</summary>
    [Range(0.0, 1.0)]
    public double MaxMissIncrease { get; set; }

    /// <summary>Share of the last normal parts that may be rejected.</summary>
    [Range(0.0, 1.0)]
    public double MaxFalseRejectRate { get; set; } = 0.05;

    /// <summary>How many last normal parts, at most.</summary>
    [Range(1, 100_000)]
    public int LastNormals { get; set; } = 200;

    /// <summary>Inference time of the candidate over the running model's, both here, in turns; null = not limited.</summary>
    [Range(0.01, 1000.0)]
    public double? MaxLatencyRatio { get; set; } = 1.25;

    /// <summary>Median inference time on this machine, milliseconds; null = not limited. For a trainer on a machine like the agent's.</summary>
    [Range(0.01, 600_000.0)]
    public double? MaxLatencyMs { get; set; }

    /// <summary>Size of the package, 10^6 bytes.</summary>
    [Range(0.1, 100_000.0)]
    public double MaxMegabytes { get; set; } = 500;
}
