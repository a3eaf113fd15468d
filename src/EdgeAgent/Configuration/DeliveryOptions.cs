using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Edge.Agent.Configuration;

/// <summary>What becomes of a version that a trainer on another machine has.</summary>
internal enum DeliveryActivation
{
    /// <summary>It is fetched and lies in the models folder.</summary>
    None = 0,
    /// <summary>The newest runs as a shadow.</summary>
    Shadow,
    /// <summary>What is current at the trainer becomes current here, once for each change there, when it has proved itself.</summary>
    Current,
}

/// <summary>Fetches the stations' models from a trainer on another machine (its section Delivery) over HTTPS.</summary>
internal sealed class DeliveryOptions : IValidatableObject
{
    /// <summary>Where the trainer delivers, e.g. https://trainer:9466/. None = nothing is fetched. Only from here, whatever a message says.</summary>
    public string? Url { get; set; }

    /// <summary>PEM file of the authority that signed the trainer's certificate; none = the system's. Every file here is a path, or <c>credential:NAME</c> from systemd's LoadCredential=, and is read again each time.</summary>
    public string? CaFile { get; set; }

    /// <summary>File that holds this agent's token, and nothing else but a line end.</summary>
    public string? TokenFile { get; set; }

    /// <summary>PEM file of our own certificate, for a trainer that asks for one.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file of the certificate's private key, not encrypted.</summary>
    public string? KeyFile { get; set; }

    /// <summary>None: it is fetched. Shadow: the newest runs as a shadow. Current: what becomes current at the trainer becomes current here, when it has proved itself; an order or a roll back here stands until the trainer's current changes again.</summary>
    public DeliveryActivation Activate { get; set; }

    /// <summary>Name of the trainer: a retained message on <c>edge/+/&lt;Trainer&gt;/models/+</c> makes the agent ask at once. Needs Mqtt.</summary>
    [Required, RegularExpression(StationOptions.NamePattern)]
    public string Trainer { get; set; } = "trainer";

    /// <summary>The trainer is asked every so many minutes, without a message too.</summary>
    [Range(1, 10_080)]
    public int PollMinutes { get; set; } = 15;

    /// <summary>No more than so many kilobytes (1000 bytes) a second are fetched, so that a slow link keeps room for verdicts; null = no limit.</summary>
    [Range(1, 10_000_000)]
    public int? MaxKilobytesPerSecond { get; set; }

    /// <summary>A larger version is refused; 10^6 bytes.</summary>
    [Range(1, 1_000_000)]
    public int MaxMegabytes { get; set; } = 1000;

    /// <summary>So much stays free on the disk of the models folder; 10^6 bytes. A version that would leave less waits.</summary>
    [Range(0, 100_000_000)]
    public int FreeMegabytes { get; set; } = 1000;

    /// <summary>Fetched versions of a model that are kept, besides those in use and the one that a roll back leads to; the oldest go.</summary>
    [Range(1, 10_000)]
    public int Keep { get; set; } = 5;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if ((CertificateFile is null) != (KeyFile is null)) yield return new ValidationResult("must be set together", [nameof(CertificateFile), nameof(KeyFile)]);
        if (Url is null) yield break;
        if (!Uri.TryCreate(Url, UriKind.Absolute, out Uri? url) || url.Scheme is not ("https" or "http") || url is { Query.Length: > 0 } or { UserInfo.Length: > 0 })
            yield return new ValidationResult("must be an address like https://trainer:9466/", [nameof(Url)]);
        else if (url.Scheme == "http" && !(IPAddress.TryParse(url.Host, out IPAddress? address) && IPAddress.IsLoopback(address)))
            yield return new ValidationResult("must begin with https: a model and a token don't travel in the open", [nameof(Url)]);
    }
}
