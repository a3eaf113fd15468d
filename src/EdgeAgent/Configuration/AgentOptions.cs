using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Section <c>Edge</c>.</summary>
internal sealed class AgentOptions
{
    /// <summary>First part of every topic: <c>edge/&lt;line&gt;/&lt;station&gt;/…</c>.</summary>
    [Required, RegularExpression(StationOptions.NamePattern)]
    public string Line { get; set; } = "line1";

    /// <summary>The models folder, <c>&lt;name&gt;/&lt;version&gt;/</c>. Relative paths start at the working directory.</summary>
    [Required]
    public string Models { get; set; } = "models";

    /// <summary>PEM file with one or more public keys (ECDSA P-256): only packages that one of them has signed are taken. Read again for every package. None = packages need no signature.</summary>
    public string? TrustedKeys { get; set; }

    /// <summary>Folder of what must outlive a restart: each station's current recipe, whether it is paused, what it has learnt about drift, and what a version on probation is compared with. Relative paths start at the working directory.</summary>
    [Required]
    public string State { get; set; } = "state";

    public ProofOptions Proof { get; set; } = new();

    public ProbationOptions Probation { get; set; } = new();

    public SelfTestOptions SelfTest { get; set; } = new();

    public ShadowOptions Shadow { get; set; } = new();

    public HttpOptions Http { get; set; } = new();

    public MqttOptions Mqtt { get; set; } = new();

    public JournalOptions Journal { get; set; } = new();

    public RecordOptions Records { get; set; } = new();

    public SparkplugOptions Sparkplug { get; set; } = new();

    public ArchiveOptions Archive { get; set; } = new();

    public ReviewOptions Reviews { get; set; } = new();

    public DeliveryOptions Delivery { get; set; } = new();

    /// <summary>One camera each, by name.</summary>
    [Required, MinLength(1, ErrorMessage = "names no station; add at least one")]
    public Dictionary<string, StationOptions> Stations { get; set; } = [];
}
