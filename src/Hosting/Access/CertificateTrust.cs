using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Edge.Hosting;

/// <summary>What a certificate that the other end shows is worth, in words that say what to do.</summary>
internal static class CertificateTrust
{
    /// <summary>When the first of the chain ends.</summary>
    public static DateTimeOffset Ends(X509Certificate2 certificate, X509Chain? chain) => chain?.ChainElements.Select(e => e.Certificate.NotAfter).Append(certificate.NotAfter).Min() ?? certificate.NotAfter;

    /// <summary>Null when it is trusted.</summary>
    /// <param name="whose">The other end.</param>
    /// <param name="hostKey">Where <paramref name="host"/> is configured.</param>
    /// <param name="caKey">Where <paramref name="ca"/> is.</param>
    public static string? WhyNot(SslPolicyErrors errors, X509Certificate? shown, X509Chain? chain, string whose, string host, string hostKey, string? ca, string caKey)
    {
        if (shown is not X509Certificate2 certificate) return $"{whose} shows no certificate";
        if (errors == SslPolicyErrors.None) return null;
        X509ChainStatusFlags status = (chain?.ChainStatus ?? []).Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status);
        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
            return $"{whose}'s certificate ({certificate.Subject}) is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u} only, or one of its authorities' has ended";
        if ((status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
            return $"{whose}'s certificate ({certificate.Subject}, issued by {certificate.Issuer}) is not signed by {(ca is not null ? $"the authority in {caKey} {ca}" : $"an authority that this system trusts: name its file in {caKey}")}";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return $"{whose}'s certificate ({certificate.Subject}) is not for '{host}': {hostKey} must be a name that it lists";
        return $"{whose}'s certificate ({certificate.Subject}) is not trusted: {string.Join("; ", (chain?.ChainStatus ?? []).Select(s => s.StatusInformation.Trim()))}";
    }
}
