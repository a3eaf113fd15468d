using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Edge.Hosting;

/// <summary>Certificates out of PEM files; a path or <c>credential:NAME</c>, as <see cref="CredentialFile"/> has it.</summary>
internal static class PemFile
{
    /// <param name="what">What the file holds, for the message.</param>
    /// <exception cref="EdgeException">It can't be read, or holds no certificate.</exception>
    public static X509Certificate2Collection Authorities(string file, string what)
    {
        X509Certificate2Collection authorities = [];
        Parse(file, what, pem => authorities.ImportFromPem(pem));
        return authorities.Count > 0 ? authorities : throw new EdgeException($"The {what} file {file} holds no certificate in PEM.");
    }

    /// <summary>A certificate and its private key.</summary>
    /// <exception cref="EdgeException">One can't be read, or they don't fit.</exception>
    public static X509Certificate2 Own(string file, string keyFile, string what)
    {
        string key = CredentialFile.Read(keyFile, $"key of the {what}");
        X509Certificate2? own = null;
        Parse(file, what, pem => own = X509Certificate2.CreateFromPem(pem, key));
        return own!;
    }

    private static void Parse(string file, string what, Action<string> parse)
    {
        try
        {
            parse(CredentialFile.Read(file, what));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new EdgeException($"The {what} file {file} is not PEM, or does not fit its key: {e.Message}", e);
        }
    }
}
