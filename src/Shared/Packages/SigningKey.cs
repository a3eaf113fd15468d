using System.Security.Cryptography;
using System.Text;

namespace Edge.Packages;

/// <summary>The private key that packages are signed with: ECDSA P-256, PEM (PKCS#8), readable by its owner only.</summary>
public sealed class SigningKey
{
    /// <summary>Environment variable that names the key's file; every package that is published is then signed.</summary>
    public const string Variable = "EDGE_SIGNING_KEY";

    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly ECParameters parameters;

    private SigningKey(ECDsa key) => (parameters, PublicKey) = (key.ExportParameters(includePrivateParameters: true), PublicKeyOf(key));

    /// <summary>DER, SubjectPublicKeyInfo.</summary>
    private byte[] PublicKey { get; }

    public string Id => TrustedKeys.IdOf(PublicKey);

    internal TrustedKeys Trusted => new(PublicKey);

    /// <summary>Writes a new key to <paramref name="path"/> (mode 0600) and its public half to <paramref name="path"/>.pub.</summary>
    /// <exception cref="EdgeException">One of the files is there already, or can't be written.</exception>
    public static SigningKey Create(string path)
    {
        string publicPath = path + ".pub";
        if (File.Exists(path) || File.Exists(publicPath)) throw new EdgeException($"{(File.Exists(path) ? path : publicPath)} exists; a key is never overwritten. Give another name.");
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            Write(path, key.ExportPkcs8PrivateKeyPem(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Write(publicPath, key.ExportSubjectPublicKeyInfoPem(), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write the key: {e.Message}", e);
        }
        return new SigningKey(key);
    }

    /// <summary>The key that <see cref="Variable"/> names; null when it names none.</summary>
    /// <exception cref="EdgeException">It names a file that is no such key.</exception>
    public static SigningKey? OfEnvironment() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? Read(path) : null;

    /// <exception cref="EdgeException">The file can't be read, is readable by everybody, or is no ECDSA P-256 private key.</exception>
    public static SigningKey Read(string path)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
                throw new EdgeException($"The signing key {path} is open to everybody on this machine: chmod 600 it, or make a new one if others have been here.");
            using ECDsa key = ECDsa.Create();
            key.ImportFromPem(File.ReadAllText(path));
            return new SigningKey(key);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The signing key can't be read: {e.Message}", e);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new EdgeException($"{path} is no private key of ECDSA P-256 (PEM, not encrypted): {e.Message}", e);
        }
    }

    /// <exception cref="CryptographicException">Another curve.</exception>
    internal static byte[] PublicKeyOf(ECDsa key) => key.ExportParameters(includePrivateParameters: false).Curve.Oid is { } curve && curve.Value == ECCurve.NamedCurves.nistP256.Oid.Value
        ? key.ExportSubjectPublicKeyInfo()
        : throw new CryptographicException("it lies on another curve.");

    internal PackageSignature Sign(ReadOnlySpan<byte> manifest)
    {
        using ECDsa key = ECDsa.Create(parameters);
        return new PackageSignature(PackageSignature.EcdsaP256, Id, key.SignData(manifest, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
    }

    private static void Write(string path, string pem, UnixFileMode mode)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        using FileStream stream = new(path, options);
        stream.Write(Encoding.ASCII.GetBytes(pem + "\n"));
        stream.Flush(flushToDisk: true);
    }
}
