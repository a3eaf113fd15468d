using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Where the operator page, <c>/metrics</c> and <c>/healthz</c> listen.</summary>
internal sealed class HttpOptions : IValidatableObject
{
    /// <summary>IP address of an interface; 0.0.0.0 = all of them. Nothing here asks who is calling: keep it inside the plant.</summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>0 = any free port.</summary>
    [Range(0, ushort.MaxValue)]
    public int Port { get; set; } = 9464;

    /// <summary>Serves the operator page: stations, pictures and history, to read.</summary>
    public bool Page { get; set; } = true;

    /// <summary>Host names, separated by commas, that the page may be called by besides localhost, this machine's name and IP addresses; it answers to no other, so that a web site can't read it through an operator's browser (DNS rebinding).</summary>
    public string? Hosts { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!System.Net.IPAddress.TryParse(Address, out _))
            yield return new ValidationResult("must be an IP address, e.g. 127.0.0.1 or 0.0.0.0", [nameof(Address)]);
    }
}
