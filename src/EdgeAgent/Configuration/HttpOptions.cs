using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Where <c>/metrics</c> and <c>/healthz</c> listen.</summary>
internal sealed class HttpOptions : IValidatableObject
{
    /// <summary>IP address of an interface; 0.0.0.0 = all of them. Nothing here asks who is calling: keep it inside the plant.</summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>0 = any free port.</summary>
    [Range(0, ushort.MaxValue)]
    public int Port { get; set; } = 9464;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!System.Net.IPAddress.TryParse(Address, out _))
            yield return new ValidationResult("must be an IP address, e.g. 127.0.0.1 or 0.0.0.0", [nameof(Address)]);
    }
}
