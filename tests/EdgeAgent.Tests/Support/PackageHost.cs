using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Xunit;

namespace Edge.Tests.Support;

/// <summary>A real HTTPS server that speaks the trainer's side of a delivery out of a models folder, and does to it what a network, or an attacker in the trainer's place, can do.</summary>
internal sealed class PackageHost : IAsyncDisposable
{
    public const string Token = "0123456789abcdef";

    private readonly WebApplication app;
    private readonly TempFolder folder = new();

    public PackageHost(TestCertificates authority, TimeSpan? ends = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        System.Security.Cryptography.X509Certificates.X509Certificate2 certificate = authority.Issue("localhost", ends);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, Port, listen => listen.UseHttps(certificate)));
        builder.Services.AddRoutingCore().AddSingleton<ILoggerFactory>(new LoggerFactory());
        app = builder.Build();
        app.MapGet("/models/{model}", (RequestDelegate)OfferAsync);
        app.MapGet("/models/{model}/{version}/{**file}", (RequestDelegate)FileAsync);
        Authority = folder["ca.pem"];
        File.WriteAllText(Authority, authority.Pem);
    }

    public int Port { get; } = Ports.Free();
    public string Authority { get; }
    public string Models => folder["models"];
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>What the offer says; null = what lies in the folder.</summary>
    public Func<ModelOffer, object>? Offer { get; set; }

    /// <summary>An answer is cut after so many bytes of its body; null = never.</summary>
    public int? CutAfter { get; set; }

    /// <summary>What a file's bytes become on the way, by its path.</summary>
    public Func<string, byte[], byte[]>? Damage { get; set; }

    public async Task StartAsync() => await app.StartAsync(TestContext.Current.CancellationToken);

    private async Task OfferAsync(HttpContext http)
    {
        if (!Admit(http)) return;
        string model = (string)http.Request.RouteValues["model"]!, folder = Path.Combine(Models, model);
        int[] versions = Directory.Exists(folder) ? [.. Directory.EnumerateDirectories(folder).Select(d => int.TryParse(Path.GetFileName(d), out int v) ? v : 0).Where(v => v > 0).Order()] : [];
        if (versions.Length == 0)
        {
            http.Response.StatusCode = 404;
            return;
        }
        string current = Path.Combine(folder, "current");
        ModelOffer offer = new(model, Of(folder, versions[^1]), File.Exists(current) ? Of(folder, int.Parse(File.ReadAllText(current), System.Globalization.CultureInfo.InvariantCulture)) : null);
        await http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(Offer?.Invoke(offer) ?? offer, JsonSerializerOptions.Web), http.RequestAborted);
    }

    public ModelOffer OfferOf(string model, int version) => new(model, Of(Path.Combine(Models, model), version), null);

    private static OfferedVersion Of(string folder, int version)
    {
        string package = Path.Combine(folder, $"{version}");
        return new OfferedVersion(version, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(package, "manifest.json")))), new DirectoryInfo(package).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length));
    }

    private async Task FileAsync(HttpContext http)
    {
        if (!Admit(http)) return;
        string path = Path.Combine(Models, (string)http.Request.RouteValues["model"]!, (string)http.Request.RouteValues["version"]!, (string)http.Request.RouteValues["file"]!);
        if (!File.Exists(path))
        {
            http.Response.StatusCode = 404;
            return;
        }
        byte[] content = await File.ReadAllBytesAsync(path, http.RequestAborted), sent = Damage?.Invoke((string)http.Request.RouteValues["file"]!, content) ?? content;
        Stream to = http.Response.Body;
        if (CutAfter is { } limit) http.Response.Body = new CutStream(to, limit, http.Abort);
        try
        {
            await TypedResults.Bytes(sent, enableRangeProcessing: true, entityTag: new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\"")).ExecuteAsync(http);
        }
        finally
        {
            http.Response.Body = to;
        }
    }

    private bool Admit(HttpContext http)
    {
        Requests.Enqueue($"{http.Request.Path} {http.Request.Headers.Range}".TrimEnd());
        if (http.Request.Headers.Authorization == $"Bearer {Token}") return true;
        http.Response.StatusCode = 401;
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        folder.Dispose();
    }

    private sealed class CutStream(Stream to, int limit, Action cut) : Stream
    {
        private int sent;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int now = Math.Min(buffer.Length, limit - sent);
            await to.WriteAsync(buffer[..now], cancellationToken);
            await to.FlushAsync(cancellationToken);
            sent += now;
            if (now < buffer.Length) cut();
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
        public override Task FlushAsync(CancellationToken cancellationToken) => to.FlushAsync(cancellationToken);
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => sent; set => throw new NotSupportedException(); }
        public override void Flush() => throw new NotSupportedException();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
