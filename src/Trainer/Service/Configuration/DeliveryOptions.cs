using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Edge.Training.Service.Configuration;

/// <summary>Packages for agents on other machines: the models folder over HTTPS, to read only.</summary>
internal sealed class DeliveryOptions : IValidatableObject
{
    /// <summary>True: agents may fetch every whole version in the models folder, and with Mqtt a retained message on <c>edge/&lt;Line&gt;/&lt;Name&gt;/models/&lt;model&gt;</c> says what there is.</summary>
    public bool Enabled { get; set; }

    /// <summary>IP address of an interface; 0.0.0.0 = all of them.</summary>
    [Required]
    public string Address { get; set; } = "0.0.0.0";

    /// <summary>0 = any free port.</summary>
    [Range(0, ushort.MaxValue)]
    public int Port { get; set; } = 9466;

    /// <summary>PEM file of the server's certificate, with those between it and its authority if there are any. Every file here is a path, or <c>credential:NAME</c> of systemd, and is read again when it has changed. None: HTTP without encryption, on a loopback address only.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file of the certificate's private key, not encrypted.</summary>
    public string? KeyFile { get; set; }

    /// <summary>File of those who may fetch: a line for each agent, name and token (16 to 200 characters, no blanks). Read again for each request.</summary>
    public string? TokenFile { get; set; }

    /// <summary>PEM file of the authority whose client certificates may fetch; without such a certificate nobody is listened to.</summary>
    public string? ClientCaFile { get; set; }

    /// <summary>Connections at once; more are closed, and their agents come again.</summary>
    [Range(1, 10_000)]
    public int MaxConnections { get; set; } = 64;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IPAddress.TryParse(Address, out IPAddress? address))
            yield return new ValidationResult("must be an IP address, e.g. 127.0.0.1 or 0.0.0.0", [nameof(Address)]);
        if ((CertificateFile is null) != (KeyFile is null)) yield return new ValidationResult("must be set together", [nameof(CertificateFile), nameof(KeyFile)]);
        if (!Enabled) yield break;
        if (TokenFile is null && ClientCaFile is null)
            yield return new ValidationResult("or ClientCaFile must be set when Enabled is: a model shows what a product looks like, it is not for everybody", [nameof(TokenFile)]);
        if (CertificateFile is null && address is not null && !IPAddress.IsLoopback(address))
            yield return new ValidationResult("must be set, or Address be 127.0.0.1 behind a proxy that does HTTPS: tokens are not sent in the open", [nameof(CertificateFile)]);
        if (CertificateFile is null && ClientCaFile is not null)
            yield return new ValidationResult("must be set when ClientCaFile is: client certificates come with HTTPS", [nameof(CertificateFile)]);
    }
}
