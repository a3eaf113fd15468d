using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Where the operator page, <c>/metrics</c> and <c>/healthz</c> listen.</summary>
internal sealed class HttpOptions : IValidatableObject
{
    /// <summary>IP address of an interface; 0.0.0.0 = all of them. Whoever reaches it may read: keep it inside the plant.</summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>0 = any free port.</summary>
    [Range(0, ushort.MaxValue)]
    public int Port { get; set; } = 9464;

    /// <summary>Serves the operator page: stations, pictures and history to read; to review parts and change models for those who may.</summary>
    public bool Page { get; set; } = true;

    /// <summary>Host names, separated by commas, that the page may be called by besides localhost, this machine's name and IP addresses; it answers to no other, so that a web site can't read it through an operator's browser (DNS rebinding).</summary>
    public string? Hosts { get; set; }

    /// <summary>
    /// File of those who may review parts and change models on the page: a line for each person, name and token (16 to 200 characters, no blanks), as in <c>anna 3f9c…</c>. A path, or <c>credential:NAME</c> for systemd's
    /// LoadCredential. Read again for each login. None = nobody may with a token.
    /// </summary>
    public string? TokenFile { get; set; }

    /// <summary>Header in which a reverse proxy names the person it has logged in, e.g. X-Remote-User; that person may change what a token's may. Believed only from Proxies.</summary>
    [RegularExpression("^[A-Za-z0-9-]{1,64}$")]
    public string? UserHeader { get; set; }

    /// <summary>IP addresses of the reverse proxies, separated by commas.</summary>
    public string? Proxies { get; set; }

    internal IEnumerable<string> ProxyAddresses => (Proxies ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (UserHeader is not null && !ProxyAddresses.Any()) yield return new ValidationResult("must name the proxy's address when UserHeader is set: anybody could send the header", [nameof(Proxies)]);
        foreach (string proxy in ProxyAddresses.Where(p => !System.Net.IPAddress.TryParse(p, out _))) yield return new ValidationResult($"has '{proxy}', which is no IP address", [nameof(Proxies)]);
        if (!System.Net.IPAddress.TryParse(Address, out _))
            yield return new ValidationResult("must be an IP address, e.g. 127.0.0.1 or 0.0.0.0", [nameof(Address)]);
    }
}
