using System.ComponentModel.DataAnnotations;

namespace Edge.Hosting;

/// <summary>How a broker is reached and who we are to it.</summary>
internal class BrokerOptions : IValidatableObject
{
    /// <summary>The broker: host name or address.</summary>
    [Required]
    public string Host { get; set; } = "localhost";

    /// <summary>The broker: TCP port; 8883 is usual with TLS.</summary>
    [Range(1, ushort.MaxValue)]
    public int Port { get; set; } = 1883;

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

    /// <summary>PEM file of the certificate's private key, not encrypted: only the program's user may read it.</summary>
    public string? KeyFile { get; set; }

    /// <summary>Days before our certificate or the broker's ends from which on the log warns, once a day.</summary>
    [Range(0, 3650)]
    public int CertificateWarningDays { get; set; } = 30;

    /// <summary>A broker that is silent for longer is given up and connected to again.</summary>
    [Range(1, 3600)]
    public int KeepAliveSeconds { get; set; } = 10;

    /// <summary>
    /// How long the broker keeps messages for a program that is away. Longer than a restart takes; short, because a trigger
    /// that is minutes old means a part that has left.
    /// </summary>
    [Range(0, 86_400)]
    public int SessionExpirySeconds { get; set; } = 60;

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
