using System.Net;
using Edge.Agent.Configuration;

namespace Edge.Agent.Web.Access;

/// <param name="Name">Who may change things; null = the caller may not.</param>
/// <param name="Login">token: the page asks for one; proxy: the proxy logs in; none: nobody may, nothing is configured.</param>
internal sealed record AccessView(string? Name, string Login);

/// <param name="Token">Of the token file.</param>
internal sealed record LoginRequest(string Token);

internal sealed record LogoutRequest;

/// <summary>
/// Who may change things on the page: whose token it is (as a session in a cookie, or as bearer token of a program), or whom a reverse proxy names.
/// A change must come from the page itself, not from another site through somebody's browser (cross-site request forgery).
/// </summary>
internal sealed partial class AccessControl(HttpOptions options, TimeProvider time, ILogger log)
{
    /// <summary>A site of somebody else can send it only after a preflight request, which nothing here answers.</summary>
    public const string Header = "X-Edge-Request";

    private const string Cookie = "edge-session", Bearer = "Bearer ";

    private readonly Tokens? tokens = options.TokenFile is { } file ? new Tokens(file) : null;
    private readonly Sessions sessions = new(time);
    private readonly FailedTries tries = new(time);
    private readonly IPAddress[] proxies = [.. options.ProxyAddresses.Select(IPAddress.Parse).Select(Plain)];

    /// <summary>A token file that can't be used is told at the start, not when somebody stands before the page; the line goes on.</summary>
    public void Check()
    {
        try
        {
            tokens?.Check();
        }
        catch (EdgeException e)
        {
            LogTokens(e.Message);
        }
    }

    /// <summary>The caller's name; null = may not change anything.</summary>
    /// <exception cref="AccessException">Too many wrong tokens.</exception>
    public string? NameOf(HttpContext http) => NamedByProxy(http) ?? sessions.NameOf(http.Request.Cookies[Cookie]) ?? NameOfBearer(http);

    public AccessView View(HttpContext http) => new(NameOf(http), options.UserHeader is not null && NamedByProxy(http) is not null ? "proxy" : tokens is not null ? "token" : options.UserHeader is not null ? "proxy" : "none");

    /// <summary>Opens a session.</summary>
    /// <exception cref="AccessException">Nobody's token, or too many wrong ones.</exception>
    /// <exception cref="EdgeException">The token file can't be read.</exception>
    public AccessView Login(HttpContext http, LoginRequest request)
    {
        string name = Check(http, request.Token) ?? throw new AccessException(StatusCodes.Status401Unauthorized, "This token is nobody's.");
        http.Response.Cookies.Append(Cookie, sessions.Begin(name), new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = "/", MaxAge = Sessions.Lifetime });
        IPAddress from = Address(http);
        LogLogin(name, from);
        return new AccessView(name, "token");
    }

    public AccessView Logout(HttpContext http)
    {
        sessions.End(http.Request.Cookies[Cookie]);
        http.Response.Cookies.Delete(Cookie, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/" });
        return new AccessView(NamedByProxy(http), tokens is null ? "proxy" : "token");
    }

    /// <summary>Did this request come from our own page, or from a program that is no browser?</summary>
    /// <returns>Null = yes; else why not.</returns>
    public static string? WhyForeign(HttpRequest request)
    {
        if (request.Headers[Header] != "1") return $"A change needs the header {Header}: 1.";
        if (request.ContentType?.Split(';')[0].Trim() != "application/json") return "A change is sent as application/json.";
        string? site = request.Headers["Sec-Fetch-Site"], origin = request.Headers.Origin;
        if (site is not null) return site == "same-origin" ? null : "This request comes from another site.";
        return origin is null || Uri.TryCreate(origin, UriKind.Absolute, out Uri? from) && from.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase) ? null : "This request comes from another site.";
    }

    private string? NamedByProxy(HttpContext http) =>
        options.UserHeader is { } header && proxies.Contains(Address(http)) && http.Request.Headers[header] is [{ Length: > 0 and <= 64 } name] && !name.Any(char.IsControl) ? name : null;

    private string? NameOfBearer(HttpContext http) =>
        http.Request.Headers.Authorization is [{ } value] && value.StartsWith(Bearer, StringComparison.Ordinal) ? Check(http, value[Bearer.Length..]) : null;

    private string? Check(HttpContext http, string token)
    {
        IPAddress from = Address(http);
        if (tokens is null) throw new AccessException(StatusCodes.Status401Unauthorized, "Nobody may change anything here: Edge:Http:TokenFile is not set.");
        if (tries.TooMany(from)) throw new AccessException(StatusCodes.Status429TooManyRequests, "Too many wrong tokens; try again in a minute.");
        if (tokens.NameOf(token) is { } name) return name;
        tries.Add(from);
        LogWrong(from);
        return null;
    }

    private static IPAddress Address(HttpContext http) => Plain(http.Connection.RemoteIpAddress ?? IPAddress.None);

    /// <summary>An IPv4 address in an IPv6 one is the same machine.</summary>
    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    [LoggerMessage(Level = LogLevel.Information, Message = "{Name} has logged in on the page from {Address}")]
    private partial void LogLogin(string name, IPAddress address);

    [LoggerMessage(Level = LogLevel.Error, Message = "nobody can log in on the page: {Why}")]
    private partial void LogTokens(string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a wrong token came from {Address}")]
    private partial void LogWrong(IPAddress address);
}

/// <summary>The caller may not, or not now.</summary>
internal sealed class AccessException(int status, string message) : Exception(message)
{
    public int Status => status;
}
