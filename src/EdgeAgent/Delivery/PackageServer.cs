using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Edge.Agent.Configuration;
using Edge.Packages;

namespace Edge.Agent.Delivery;

/// <summary>A trainer's delivery as an agent sees it. Made for each look, so that renewed files are used.</summary>
internal sealed class PackageServer : IDisposable
{
    /// <summary>Longer than a slow link is silent.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DeliveryOptions options;
    private readonly Uri url;
    private readonly HttpClient http;
    private readonly string? token;
    private string? distrust;

    /// <exception cref="DeliveryException">A file can't be read.</exception>
    public PackageServer(DeliveryOptions options)
    {
        this.options = options;
        url = new Uri(options.Url!.EndsWith('/') ? options.Url : options.Url + "/");
        try
        {
            X509Certificate2Collection authorities = options.CaFile is { } ca ? PemFile.Authorities(ca, "delivery CA") : [];
            X509Certificate2? own = options.CertificateFile is { } file ? PemFile.Own(file, options.KeyFile!, "delivery client certificate") : null;
            token = options.TokenFile is { } secret ? CredentialFile.Read(secret, "delivery token").TrimEnd('\r', '\n') : null;
            X509ChainPolicy policy = new() { RevocationMode = X509RevocationMode.NoCheck };   // a line that is cut off from the world reaches no revocation list
            if (authorities.Count > 0) policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
            OwnEnds = own is null ? 0 : new DateTimeOffset(own.NotAfter).ToUnixTimeSeconds();
            http = new HttpClient(new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                ConnectTimeout = Patience,
                SslOptions = new SslClientAuthenticationOptions
                {
                    CertificateChainPolicy = policy,
                    RemoteCertificateValidationCallback = Trust,
                    ClientCertificates = own is null ? null : [own],
                    LocalCertificateSelectionCallback = own is null ? null : (_, _, _, _, _) => own,   // also when its issuer is not among those that the server lists
                },
            })
            { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = ModelOffer.MaxBytes };
        }
        catch (Exception e) when (e is EdgeException and not DeliveryException)
        {
            throw new DeliveryException(DeliveryTrouble.File, e.Message, e);
        }
        if (token is { } t && !AuthenticationHeaderValue.TryParse($"Bearer {t}", out _)) throw new DeliveryException(DeliveryTrouble.File, $"The delivery token file {options.TokenFile} must hold one token and nothing else.");
    }

    /// <summary>Without what a secret may be in.</summary>
    public string Name => url.GetLeftPart(UriPartial.Authority);

    /// <summary>When the server's certificate ends, and ours, Unix seconds; 0 = none was shown, or there is none.</summary>
    public long Ends { get; private set; }

    public long OwnEnds { get; }

    /// <summary>What there is of a model; null when there is nothing.</summary>
    /// <exception cref="DeliveryException">No answer, or none that makes sense.</exception>
    public async Task<ModelOffer?> AskAsync(string model, CancellationToken cancel)
    {
        using HttpResponseMessage response = await SendAsync($"models/{model}", null, null, cancel).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound) return null;
        byte[] json = await ReadAsync(response, ModelOffer.MaxBytes, cancel).ConfigureAwait(false);
        ModelOffer? offer = StrictJson.Parse(new ReadOnlySequence<byte>(json), ModelOffer.MaxBytes, OfferJson.Default.ModelOffer, o => o.Model != model ? $"it is about {o.Model}" : o.WhyInvalid(), out string? why);
        return offer ?? throw new DeliveryException(DeliveryTrouble.Unreachable, $"{Name} answers what is no offer of a model: {why}");
    }

    /// <summary>An older version, of which only its own manifest says what it is.</summary>
    /// <exception cref="DeliveryException">There is no such version, or no answer.</exception>
    public async Task<OfferedVersion> AskAsync(string model, int version, int mostMegabytes, CancellationToken cancel)
    {
        byte[] manifest = await GetAsync($"models/{model}/{version}/{PackageFiles.Manifest}", (int)PackageFiles.MaxJsonBytes, cancel).ConfigureAwait(false)
            ?? throw new EdgeException($"{Name} has no version {version} of '{model}'.");
        return new OfferedVersion(version, Convert.ToHexStringLower(SHA256.HashData(manifest)), mostMegabytes * FetchRoom.Megabyte);
    }

    /// <summary>The whole of a small file; null when there is none.</summary>
    public async Task<byte[]?> GetAsync(string path, int most, CancellationToken cancel)
    {
        using HttpResponseMessage response = await SendAsync(path, null, null, cancel).ConfigureAwait(false);
        return response.StatusCode == HttpStatusCode.NotFound ? null : await ReadAsync(response, most, cancel).ConfigureAwait(false);
    }

    /// <summary>A file from a byte on; status 200 when it comes from its beginning all the same, 416 when nothing is left of it.</summary>
    /// <param name="sha256">The file is another when it has another; then it comes from its beginning.</param>
    public async Task<HttpResponseMessage> OpenAsync(string path, long from, string sha256, CancellationToken cancel)
    {
        HttpResponseMessage response = await SendAsync(path, from > 0 ? from : null, sha256, cancel).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.NotFound) return response;
        response.Dispose();
        throw new DeliveryException(DeliveryTrouble.Refused, $"{Name} has no {path}, which the manifest names.");
    }

    /// <summary>Whatever breaks while an answer is read.</summary>
    public DeliveryException Broken(Exception e) => new(DeliveryTrouble.Unreachable, e is OperationCanceledException ? $"{Name} has been silent for {Patience.TotalSeconds} s" : $"the connection to {Name} broke: {e.GetBaseException().Message}", e);

    /// <summary>Ends when the other side is silent for too long; <see cref="CancellationTokenSource.CancelAfter(TimeSpan)"/> begins anew with what is heard.</summary>
    public static CancellationTokenSource Listen(CancellationToken cancel)
    {
        CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        source.CancelAfter(Patience);
        return source;
    }

    public static void Heard(CancellationTokenSource listening) => listening.CancelAfter(Patience);

    private async Task<HttpResponseMessage> SendAsync(string path, long? from, string? sha256, CancellationToken cancel)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(url, path));
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (from is { } first)
        {
            request.Headers.Range = new RangeHeaderValue(first, null);
            request.Headers.IfRange = new RangeConditionHeaderValue($"\"{sha256}\"");
        }
        using CancellationTokenSource listening = Listen(cancel);
        HttpResponseMessage response;
        try
        {
            distrust = null;
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, listening.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (distrust is not null)
        {
            throw new DeliveryException(DeliveryTrouble.Certificate, distrust, e);
        }
        catch (HttpRequestException e) when (e.InnerException is AuthenticationException)
        {
            throw new DeliveryException(DeliveryTrouble.Certificate, $"the TLS connection to {Name} failed: {e.GetBaseException().Message}", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || e is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            throw Broken(e);
        }
        if (response.IsSuccessStatusCode || response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.RequestedRangeNotSatisfiable) return response;
        (HttpStatusCode status, string? reason) = (response.StatusCode, response.ReasonPhrase);
        response.Dispose();
        throw status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            ? new DeliveryException(DeliveryTrouble.Credentials, $"{Name} does not know {(token is null ? "us: Edge:Delivery:TokenFile is not set" : "the token in Edge:Delivery:TokenFile")} ({(int)status} {reason})")
            : new DeliveryException(DeliveryTrouble.Unreachable, $"{Name} answers {(int)status} {reason}");
    }

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, int most, CancellationToken cancel)
    {
        using CancellationTokenSource listening = Listen(cancel);
        try
        {
            Stream body = await response.Content.ReadAsStreamAsync(listening.Token).ConfigureAwait(false);
            byte[] all = new byte[most + 1];
            int length = await body.ReadAtLeastAsync(all, all.Length, throwOnEndOfStream: false, listening.Token).ConfigureAwait(false);
            return length <= most ? all[..length] : throw new DeliveryException(DeliveryTrouble.Refused, $"{Name} sends more than the {most} bytes that such a file has at most.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException || e is OperationCanceledException && !cancel.IsCancellationRequested)
        {
            throw Broken(e);
        }
    }

    private bool Trust(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (shown is X509Certificate2 certificate) Ends = CertificateTrust.Ends(certificate, chain).ToUnixTimeSeconds();
        distrust = CertificateTrust.WhyNot(errors, shown, chain, "the trainer", url.Host, "Edge:Delivery:Url", options.CaFile, "Edge:Delivery:CaFile");
        return distrust is null;
    }

    public void Dispose() => http.Dispose();
}
