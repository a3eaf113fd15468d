using System.Net;
using System.Text.Json;
using Edge.Packages;
using Edge.Training.Service.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Edge.Training.Service.Delivery;

/// <summary>
/// Packages over HTTPS, to read only: <c>/models/&lt;model&gt;</c> says what there is, <c>/models/&lt;model&gt;/&lt;version&gt;/&lt;file&gt;</c> is a file that the version's manifest names,
/// with its SHA-256 as entity tag, whole or from any byte on. On a port of its own: /metrics and /healthz, which ask nobody who he is, are not here.
/// </summary>
internal sealed partial class DeliveryServer : IHostedService, IAsyncDisposable
{
    private readonly Offers offers;
    private readonly ServeMetrics metrics;
    private readonly Tokens? tokens;
    private readonly FailedTries tries;
    private readonly ServerTls? tls;
    private readonly WebApplication app;
    private readonly ILogger log;

    /// <exception cref="EdgeException">A file can't be used.</exception>
    public DeliveryServer(DeliveryOptions options, Offers offers, ServeMetrics metrics, TimeProvider time, ILoggerFactory logs)
    {
        (this.offers, this.metrics, log) = (offers, metrics, logs.CreateLogger("delivery"));
        tokens = options.TokenFile is { } file ? new Tokens(file) : null;
        tries = new FailedTries(time);
        tls = options.CertificateFile is null ? null : new ServerTls(options, log);
        tokens?.Check();
        tls?.Check();
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "edge-trainer" });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MinResponseDataRate = new MinDataRate(100, TimeSpan.FromSeconds(30));   // bytes per second: a slow link is served, a dead one is not kept
            kestrel.Listen(IPAddress.Parse(options.Address), options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                if (tls is not null) listen.UseHttps(tls.Callback());
            });
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(logs);
        app = builder.Build();
        app.Use(AdmitAsync);
        app.UseRouting();
        string[] reading = [HttpMethods.Get, HttpMethods.Head];
        app.MapMethods("/models/{model}", reading, (RequestDelegate)OfferAsync);
        app.MapMethods("/models/{model}/{version}/{**file}", reading, (RequestDelegate)FileAsync);
        app.UseEndpoints(_ => { });
    }

    /// <summary>Valid once started.</summary>
    public Uri Address => new(((IApplicationBuilder)app).ApplicationServices.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <exception cref="EdgeException">The port is in use, or the address is not ours.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException { InnerException: AddressInUseException } or System.Net.Sockets.SocketException)
        {
            throw new EdgeException($"Packages can't be delivered: {e.Message} Check Trainer:Delivery:Address and Trainer:Delivery:Port.", e);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => app.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    /// <summary>Everybody is asked who he is before anything else; what becomes of a request is counted.</summary>
    private async Task AdmitAsync(HttpContext http, RequestDelegate next)
    {
        IPAddress from = http.Connection.RemoteIpAddress ?? IPAddress.None;
        if (tokens is not null && tries.TooMany(from)) http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        else if (tokens is not null && NameOf(http, from) is null)
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }
        else await next(http).ConfigureAwait(false);
        metrics.Delivered(http.Response.StatusCode);
    }

    private string? NameOf(HttpContext http, IPAddress from)
    {
        const string bearer = "Bearer ";
        string? name = null;
        try
        {
            if (http.Request.Headers.Authorization is [{ } value] && value.StartsWith(bearer, StringComparison.Ordinal)) name = tokens!.NameOf(value[bearer.Length..]);
        }
        catch (EdgeException e)
        {
            LogTokens(e.Message);   // nobody may, until it can be read
            return null;
        }
        http.Items[nameof(Tokens)] = name;
        if (name is not null) return name;
        tries.Add(from);
        LogWrong(from);
        return null;
    }

    private async Task OfferAsync(HttpContext http)
    {
        if (!offers.All.TryGetValue((string)http.Request.RouteValues["model"]!, out ModelOffer? offer))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-cache";
        if (HttpMethods.IsGet(http.Request.Method)) await http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(offer, OfferJson.Default.ModelOffer), http.RequestAborted).ConfigureAwait(false);
    }

    private async Task FileAsync(HttpContext http)
    {
        (string model, string file) = ((string)http.Request.RouteValues["model"]!, (string?)http.Request.RouteValues["file"] ?? "");
        // Only what a verified manifest names is ever opened.
        if (VersionFile.Parse((string)http.Request.RouteValues["version"]!) is not { } version || offers.Find(model, version) is not { } package || !package.Files.TryGetValue(file, out string? sha256)
            || !File.Exists(Path.Combine(package.Folder, file)))   // somebody has removed it
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        if (file == PackageFiles.Manifest && HttpMethods.IsGet(http.Request.Method)) LogFetched(http.Items[nameof(Tokens)] as string ?? http.Connection.ClientCertificate?.Subject ?? "", http.Connection.RemoteIpAddress, model, version);
        http.Response.Headers.CacheControl = "private, immutable";
        await TypedResults.PhysicalFile(Path.Combine(package.Folder, file), "application/octet-stream", entityTag: new EntityTagHeaderValue($"\"{sha256}\""), enableRangeProcessing: true).ExecuteAsync(http).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Name} ({Address}) fetches {Model} version {Version}")]
    private partial void LogFetched(string name, IPAddress? address, string model, int version);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a request for packages without a known token came from {Address}")]
    private partial void LogWrong(IPAddress address);

    [LoggerMessage(Level = LogLevel.Error, Message = "nobody can fetch packages: {Why}")]
    private partial void LogTokens(string why);
}
