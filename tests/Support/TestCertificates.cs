using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Edge.Tests;

/// <summary>A certificate authority for one test.</summary>
/// <param name="days">Until its own certificate ends.</param>
internal sealed class TestCertificates(string name = "test authority", int days = 2) : IDisposable
{
    private readonly X509Certificate2 authority = Make($"CN={name}", null, TimeSpan.FromDays(days));

    public string Pem => authority.ExportCertificatePem();

    /// <summary>For localhost and 127.0.0.1 when it is a server's; a client's name is what a broker takes for the user.</summary>
    /// <param name="ends">From now; negative = it has ended.</param>
    public X509Certificate2 Issue(string commonName, TimeSpan? ends = null) => Make($"CN={commonName}", authority, ends ?? TimeSpan.FromDays(1));

    /// <summary>Writes <c>name.pem</c> and <c>name-key.pem</c>.</summary>
    public void Write(string folder, string name, string commonName, TimeSpan? ends = null)
    {
        using X509Certificate2 certificate = Issue(commonName, ends);
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(Path.Combine(folder, name + "-key.pem"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(folder, name + ".pem"), certificate.ExportCertificatePem());
    }

    private static X509Certificate2 Make(string name, X509Certificate2? issuer, TimeSpan ends)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(issuer is null, false, 0, true));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        if (issuer is null) return request.CreateSelfSigned(now.AddDays(-2), now + ends);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 bare = request.Create(issuer, now.AddDays(-1), now + ends, RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(key);
    }

    public void Dispose() => authority.Dispose();
}
