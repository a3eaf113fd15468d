using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>One camera, one model, one loop.</summary>
internal sealed class StationOptions : IValidatableObject
{
    /// <summary>What is safe inside a topic, a client id and a metric label.</summary>
    public const string NamePattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

    /// <summary>What is safe as a folder's name.</summary>
    public const string ModelPattern = "^[a-z0-9][a-z0-9._-]{0,63}$";

    public SourceOptions Source { get; set; } = new();

    public HealthOptions Health { get; set; } = new();

    public DriftOptions Drift { get; set; } = new();

    public TriggerOptions Trigger { get; set; } = new();

    /// <summary>Name of the model below the models folder; its <c>current</c> version runs.</summary>
    [Required, RegularExpression(ModelPattern)]
    public string? Model { get; set; }

    /// <summary>The recipe at the first start; later the one that was commanded last, which is kept in State. Required when there are Recipes.</summary>
    public string? Recipe { get; set; }

    /// <summary>Products by name; a command changes from one to another. None = the station makes one thing.</summary>
    public Dictionary<string, RecipeOptions> Recipes { get; set; } = [];

    /// <summary>Milliseconds from trigger to verdict; a part that takes longer is <c>uninspected</c>. Null = no limit. A trigger may set its own.</summary>
    [Range(1, 600_000)]
    public int? DeadlineMs { get; set; }

    /// <summary>Parts between trigger and verdict; one more is <c>uninspected</c> at once. Each holds a frame's memory.</summary>
    [Range(1, 1024)]
    public int QueueCapacity { get; set; } = 4;

    public HeatmapOptions Heatmaps { get; set; } = new();

    /// <summary>Threads of the model's session; 0 = all cores. Stations with the same model and the same number share one session: its memory is needed once. With several stations, 1 or the cores shared out.</summary>
    [Range(0, 256)]
    public int Threads { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        bool line = Source.Kind == SourceKind.Aravis && Source.Aravis.Trigger is { } trigger
            && !trigger.Equals("Off", StringComparison.OrdinalIgnoreCase) && !trigger.Equals("Software", StringComparison.OrdinalIgnoreCase);
        if (line && Trigger.Mode != TriggerMode.FreeRunning)
            yield return new ValidationResult("must be FreeRunning when an input of the camera is the trigger (Source:Aravis:Trigger): each exposure is a part", ["Trigger:Mode"]);
    }
}
