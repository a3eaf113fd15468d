using System.ComponentModel.DataAnnotations;

namespace Edge.Training.Service.Configuration;

/// <summary>Section <c>Trainer</c> of trainer.json.</summary>
internal sealed class ServeOptions
{
    /// <summary>First parts of every topic: <c>edge/&lt;Line&gt;/&lt;Name&gt;/…</c>.</summary>
    [Required, RegularExpression(ProductOptions.LinePattern)]
    public string Line { get; set; } = "line1";

    /// <summary>Of this trainer; a station of the line must not have the same.</summary>
    [Required, RegularExpression(ProductOptions.LinePattern)]
    public string Name { get; set; } = "trainer";

    /// <summary>The models folder: a candidate that passes every gate is published here as <c>&lt;product&gt;/&lt;version&gt;/</c>, a running agent's own folder when it is on the same machine. Relative paths start at the working directory.</summary>
    [Required]
    public string Models { get; set; } = "models";

    /// <summary>Folder of runs and their state, hold-outs and refused candidates.</summary>
    [Required]
    public string State { get; set; } = "trainer";

    /// <summary>Private key (PEM) that packages are signed with: a path, or <c>credential:NAME</c> of systemd. None = the environment's <c>EDGE_SIGNING_KEY</c>, and without that packages are not signed.</summary>
    public string? SigningKey { get; set; }

    /// <summary>Refused candidates that are kept, with their reports; the oldest go.</summary>
    [Range(0, 1000)]
    public int KeepRefused { get; set; } = 5;

    public ServeHttpOptions Http { get; set; } = new();

    public ServeMqttOptions Mqtt { get; set; } = new();

    public DeliveryOptions Delivery { get; set; } = new();

    public ProcessOptions Process { get; set; } = new();

    /// <summary>One model each, by the name of its packages.</summary>
    [Required, MinLength(1, ErrorMessage = "names no product; add at least one")]
    public Dictionary<string, ProductOptions> Products { get; set; } = [];
}

/// <summary>Where <c>/metrics</c> and <c>/healthz</c> listen.</summary>
internal sealed class ServeHttpOptions : IValidatableObject
{
    /// <summary>IP address of an interface; 0.0.0.0 = all of them. Nothing here asks who is calling.</summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>0 = any free port.</summary>
    [Range(0, ushort.MaxValue)]
    public int Port { get; set; } = 9465;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!System.Net.IPAddress.TryParse(Address, out _))
            yield return new ValidationResult("must be an IP address, e.g. 127.0.0.1 or 0.0.0.0", [nameof(Address)]);
    }
}

/// <summary>The broker: commands, what becomes of runs. The client id is <c>edge-&lt;Line&gt;-&lt;Name&gt;</c>.</summary>
internal sealed class ServeMqttOptions : BrokerOptions
{
    /// <summary>False: runs start by schedule and reviews only, and nobody hears of them.</summary>
    public bool Enabled { get; set; } = true;
}

/// <summary>The process that trains: a line on the same machine comes first.</summary>
internal sealed class ProcessOptions
{
    /// <summary>Priority of the training process, 19 = only what nobody else wants.</summary>
    [Range(0, 19)]
    public int Nice { get; set; } = 15;

    /// <summary>Threads of a training; 0 = all cores.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <summary>Part of the GPU's memory that training may have when the agent shares it, by libtorch's allocator (per_process_memory_fraction); null = no limit. CUDA builds only.</summary>
    [Range(0.01, 1.0)]
    public double? GpuMemoryFraction { get; set; }

    /// <summary>A training that takes longer is ended and has failed.</summary>
    [Range(0.01, 1000.0)]
    public double MaxHours { get; set; } = 24;

    /// <summary>Times a run that was cut off (power, crash) is taken up again.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; set; } = 3;
}
