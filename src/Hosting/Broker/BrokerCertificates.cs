using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;

namespace Edge.Hosting;

/// <summary>
/// Both ends' certificates. Files are read for each connection, so that a renewed one is used at the next; when they end is
/// known, and said long before.
/// </summary>
internal sealed partial class BrokerCertificates(BrokerOptions options, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan CheckPause = TimeSpan.FromHours(1), WarningPause = TimeSpan.FromDays(1);

    private long checkedAt;
    private DateTimeOffset warnedClient, warnedBroker;
    private long clientEnds, brokerEnds;   // Unix seconds; 0 = none

    /// <summary>When the client certificate on disk ends, Unix seconds; 0 without one.</summary>
    public long ClientEnds => Interlocked.Read(ref clientEnds);

    /// <summary>When the first certificate of the broker's chain ends, Unix seconds, as last shown; 0 without TLS.</summary>
    public long BrokerEnds => Interlocked.Read(ref brokerEnds);

    /// <summary>Why the broker's certificate was not trusted in the last attempt; null when it was, or none was shown.</summary>
    public string? Distrust { get; private set; }

    /// <summary>In the last attempt the broker showed a certificate that is trusted.</summary>
    public bool Trusted { get; private set; }

    /// <exception cref="EdgeException">A file can't be read, or holds something else.</exception>
    public MqttClientTlsOptions Read()
    {
        (Distrust, Trusted) = (null, false);
        X509Certificate2Collection authorities = [];
        if (options.CaFile is { } ca) Parse(ca, "CA", pem => authorities.ImportFromPem(pem));
        if (options.CaFile is not null && authorities.Count == 0) throw new EdgeException($"The MQTT CA file {options.CaFile} holds no certificate in PEM.");
        X509Certificate2? own = ReadOwn();
        MqttClientTlsOptionsBuilder tls = new MqttClientTlsOptionsBuilder()
            .UseTls()
            .WithTargetHost(options.Host)
            .WithRevocationMode(X509RevocationMode.NoCheck)   // a line that is cut off from the world reaches no revocation list
            .WithCertificateValidationHandler(Trust);
        if (authorities.Count > 0) tls.WithTrustChain(authorities);
        if (own is not null) tls.WithClientCertificates([own]);
        return tls.Build();
    }

    /// <summary>Looks at the dates about once an hour and warns about once a day. Cheap to call often.</summary>
    public void Check()
    {
        if (!options.UseTls || (checkedAt != 0 && time.GetElapsedTime(checkedAt) < CheckPause)) return;
        checkedAt = time.GetTimestamp();
        try
        {
            ReadOwn()?.Dispose();   // it may have been renewed
        }
        catch (EdgeException e)
        {
            LogUnusable(e.Message);
        }
        Warn("client", ClientEnds, ref warnedClient);
        Warn("broker", BrokerEnds, ref warnedBroker);
    }

    private X509Certificate2? ReadOwn()
    {
        if (options.CertificateFile is not { } file) return null;
        string key = CredentialFile.Read(options.KeyFile!, "client key");
        X509Certificate2? own = null;
        Parse(file, "client certificate", pem => own = X509Certificate2.CreateFromPem(pem, key));
        Interlocked.Exchange(ref clientEnds, new DateTimeOffset(own!.NotAfter).ToUnixTimeSeconds());
        return own;
    }

    private static void Parse(string file, string what, Action<string> parse)
    {
        try
        {
            parse(CredentialFile.Read(file, what));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new EdgeException($"The MQTT {what} file {file} is not PEM, or does not fit its key: {e.Message}", e);
        }
    }

    private bool Trust(MqttClientCertificateValidationEventArgs shown)
    {
        if (shown.Certificate is X509Certificate2 certificate)
        {
            DateTime ends = shown.Chain?.ChainElements.Select(e => e.Certificate.NotAfter).Append(certificate.NotAfter).Min() ?? certificate.NotAfter;
            Interlocked.Exchange(ref brokerEnds, new DateTimeOffset(ends).ToUnixTimeSeconds());
            Distrust = Why(shown.SslPolicyErrors, certificate, shown.Chain);
        }
        else Distrust = "the broker shows no certificate";
        return Trusted = Distrust is null;
    }

    private string? Why(SslPolicyErrors errors, X509Certificate2 certificate, X509Chain? chain)
    {
        if (errors == SslPolicyErrors.None) return null;
        X509ChainStatusFlags status = (chain?.ChainStatus ?? []).Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status);
        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
            return $"the broker's certificate ({certificate.Subject}) is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u} only, or one of its authorities' has ended";
        if ((status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
            return $"the broker's certificate ({certificate.Subject}, issued by {certificate.Issuer}) is not signed by {(options.CaFile is { } ca ? $"the authority in Mqtt:CaFile {ca}" : "an authority that this system trusts: name its file in Mqtt:CaFile")}";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return $"the broker's certificate ({certificate.Subject}) is not for '{options.Host}': Mqtt:Host must be a name that it lists";
        return $"the broker's certificate ({certificate.Subject}) is not trusted: {string.Join("; ", (chain?.ChainStatus ?? []).Select(s => s.StatusInformation.Trim()))}";
    }

    private void Warn(string whose, long ends, ref DateTimeOffset warned)
    {
        if (ends == 0) return;
        DateTimeOffset now = time.GetUtcNow(), end = DateTimeOffset.FromUnixTimeSeconds(ends);
        if (end - now > TimeSpan.FromDays(options.CertificateWarningDays) || now - warned < WarningPause) return;
        warned = now;
        LogEnding(whose, end, Math.Floor((end - now).TotalDays));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the {Whose}'s certificate for MQTT ends {End:u}, in {Days} days; renew it")]
    private partial void LogEnding(string whose, DateTimeOffset end, double days);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the next connection to the broker would fail: {Why}")]
    private partial void LogUnusable(string why);
}
