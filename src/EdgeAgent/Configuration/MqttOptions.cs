using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>The broker. Every station is a client of its own, so one station's trouble is not another's.</summary>
internal sealed class MqttOptions : IValidatableObject
{
    /// <summary>False: the stations inspect and count, and nobody hears a verdict. For trying things out.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>The broker: host name or address.</summary>
    [Required]
    public string Host { get; set; } = "localhost";

    /// <summary>The broker: TCP port; 8883 is usual with TLS.</summary>
    [Range(1, ushort.MaxValue)]
    public int Port { get; set; } = 1883;

    /// <summary>Client id: <c>&lt;prefix&gt;-&lt;line&gt;-&lt;station&gt;</c>. Two agents must not share one.</summary>
    [Required, RegularExpression(StationOptions.NamePattern)]
    public string ClientIdPrefix { get; set; } = "edge";

    /// <summary>User of the broker; none = anonymous, or the certificate's name. The password comes from PasswordFile, never from here.</summary>
    public string? Username { get; set; }

    /// <summary>File that holds the user's name instead. Every file here is a path, or <c>credential:NAME</c> from systemd's LoadCredential=, and is read again for each connection.</summary>
    public string? UsernameFile { get; set; }

    /// <summary>File that holds the password, and nothing else but a line end.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>Encrypts the connection and checks the broker's certificate.</summary>
    public bool UseTls { get; set; }

    /// <summary>PEM file of the authority that signed the broker's certificate; null = the system's.</summary>
    public string? CaFile { get; set; }

    /// <summary>PEM file of our own certificate, for a broker that asks for one; a renewed file is used at the next connection.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file of the certificate's private key, not encrypted: only the agent's user may read it.</summary>
    public string? KeyFile { get; set; }

    /// <summary>Days before our certificate or the broker's ends from which on the log warns, once a day.</summary>
    [Range(0, 3650)]
    public int CertificateWarningDays { get; set; } = 30;

    /// <summary>A broker that is silent for longer is given up and connected to again.</summary>
    [Range(1, 3600)]
    public int KeepAliveSeconds { get; set; } = 10;

    /// <summary>Seconds between two messages on <c>status</c> when nothing changes: the heartbeat of the station; 0 = only changes.</summary>
    [Range(0, 3600)]
    public int HeartbeatSeconds { get; set; } = 5;

    /// <summary>
    /// How long the broker keeps triggers for an agent that is away. Longer than a restart takes; short, because a trigger
    /// that is minutes old means a part that has left.
    /// </summary>
    [Range(0, 86_400)]
    public int SessionExpirySeconds { get; set; } = 60;

    /// <summary>
    /// Triggers that may wait for their acknowledgement until the broker has their parts' verdicts and the disk the records; of more, each waits two seconds at most.
    /// At least every station's QueueCapacity, or a crash loses parts that were under way; fewer than the broker sends unacknowledged (mosquitto: <c>max_inflight_messages</c>, 20), or it holds triggers back.
    /// </summary>
    [Range(1, 1000)]
    public int HeldTriggers { get; set; } = 16;

    /// <summary>Verdicts that wait while the broker is away; when it is full the oldest is lost, and counted.</summary>
    [Range(16, 1_000_000)]
    public int VerdictQueueCapacity { get; set; } = 10_000;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Username is not null && UsernameFile is not null)
            yield return new ValidationResult("must not be set when Username is", [nameof(UsernameFile)]);
        if (PasswordFile is not null && string.IsNullOrEmpty(Username) && UsernameFile is null)
            yield return new ValidationResult("must be set when PasswordFile is (or UsernameFile)", [nameof(Username)]);
        if ((CertificateFile is null) != (KeyFile is null))
            yield return new ValidationResult("must be set together", [nameof(CertificateFile), nameof(KeyFile)]);
        if ((CaFile is not null || CertificateFile is not null) && !UseTls)
            yield return new ValidationResult("must be true when CaFile or CertificateFile is set", [nameof(UseTls)]);
    }
}
