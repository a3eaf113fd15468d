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
        X509Certificate2Collection authorities = options.CaFile is { } ca ? PemFile.Authorities(ca, "MQTT CA") : [];
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
        X509Certificate2 own = PemFile.Own(file, options.KeyFile!, "MQTT client certificate");
        Interlocked.Exchange(ref clientEnds, new DateTimeOffset(own.NotAfter).ToUnixTimeSeconds());
        return own;
    }

    private bool Trust(MqttClientCertificateValidationEventArgs shown)
    {
        if (shown.Certificate is X509Certificate2 certificate) Interlocked.Exchange(ref brokerEnds, CertificateTrust.Ends(certificate, shown.Chain).ToUnixTimeSeconds());
        Distrust = CertificateTrust.WhyNot(shown.SslPolicyErrors, shown.Certificate, shown.Chain, "the broker", options.Host, "Mqtt:Host", options.CaFile, "Mqtt:CaFile");
        return Trusted = Distrust is null;
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
