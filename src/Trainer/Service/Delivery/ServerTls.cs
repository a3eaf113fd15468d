using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Edge.Training.Service.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Edge.Training.Service.Delivery;

/// <summary>The server's end of TLS. Its files are looked at for each connection and read again when they have changed: a renewed certificate needs no restart.</summary>
internal sealed partial class ServerTls(DeliveryOptions options, ILogger log)
{
    private readonly Lock gate = new();
    private (string Stamp, SslServerAuthenticationOptions Tls)? read;

    /// <exception cref="EdgeException">A file can't be read, or holds something else.</exception>
    public void Check() => _ = Current();

    public TlsHandshakeCallbackOptions Callback() => new() { OnConnection = _ => ValueTask.FromResult(CurrentOrLast()) };

    /// <summary>A renewal that went wrong keeps the certificate of before.</summary>
    private SslServerAuthenticationOptions CurrentOrLast()
    {
        try
        {
            return Current();
        }
        catch (EdgeException e) when (read is { } before)
        {
            LogUnusable(e.Message);
            return before.Tls;
        }
    }

    private SslServerAuthenticationOptions Current()
    {
        lock (gate)
        {
            string stamp = string.Join('\n', new[] { options.CertificateFile, options.KeyFile, options.ClientCaFile }.OfType<string>()
                .Select(f => new FileInfo(CredentialFile.Resolve(f, "certificate"))).Select(f => $"{f.FullName}:{(f.Exists ? f.LastWriteTimeUtc.Ticks : 0)}"));
            if (read is { } before && before.Stamp == stamp) return before.Tls;
            SslServerAuthenticationOptions tls = Read();
            read = (stamp, tls);
            return tls;
        }
    }

    private SslServerAuthenticationOptions Read()
    {
        X509Certificate2 own = PemFile.Own(options.CertificateFile!, options.KeyFile!, "server certificate");
        SslServerAuthenticationOptions tls = new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(own, PemFile.Authorities(options.CertificateFile!, "server certificate"), offline: true),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,   // a line that is cut off from the world reaches no revocation list
        };
        if (options.ClientCaFile is not { } authority) return tls;
        tls.ClientCertificateRequired = true;
        tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        tls.CertificateChainPolicy.CustomTrustStore.AddRange(PemFile.Authorities(authority, "client authority"));
        return tls;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the certificate of before goes on: {Why}")]
    private partial void LogUnusable(string why);
}
