using System.Security.Cryptography;

namespace Edge.Packages;

/// <summary>
/// Public keys whose packages are taken: a file with one or more PEM blocks <c>PUBLIC KEY</c>. A key's id is the first 16 hexadecimal digits of the
/// SHA-256 of its DER (SubjectPublicKeyInfo).
/// </summary>
public sealed class TrustedKeys
{
    private readonly Dictionary<string, byte[]> keys = new(StringComparer.Ordinal);

    private TrustedKeys() { }

    internal TrustedKeys(byte[] publicKey) => keys[IdOf(publicKey)] = publicKey;

    public IEnumerable<string> Ids => keys.Keys.Order(StringComparer.Ordinal);

    /// <exception cref="EdgeException">The file can't be read, or holds anything but P-256 public keys.</exception>
    public static TrustedKeys Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The trusted keys can't be read: {e.Message}", e);
        }
        TrustedKeys trusted = new();
        ReadOnlySpan<char> rest = text;
        while (PemEncoding.TryFind(rest, out PemFields block))
        {
            string label = rest[block.Label].ToString();
            if (label != "PUBLIC KEY") throw new EdgeException($"{path} holds a '{label}'; only public keys (PUBLIC KEY, PEM) belong there.");
            try
            {
                using ECDsa key = ECDsa.Create();
                key.ImportFromPem(rest[block.Location]);
                byte[] der = SigningKey.PublicKeyOf(key);
                trusted.keys[IdOf(der)] = der;
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                throw new EdgeException($"{path} holds a public key that is none of ECDSA P-256: {e.Message}", e);
            }
            rest = rest[block.Location.End..];
        }
        return trusted.keys.Count > 0 ? trusted : throw new EdgeException($"{path} holds no public key (PEM, PUBLIC KEY); edge-trainer keys new makes one.");
    }

    internal static string IdOf(byte[] publicKey) => Convert.ToHexStringLower(SHA256.HashData(publicKey))[..16];

    /// <exception cref="EdgeException">There is no signature, or it is not one of these keys over this manifest.</exception>
    internal void Verify(ReadOnlySpan<byte> manifest, PackageSignature? signature)
    {
        if (signature is null) throw new EdgeException($"it is not signed, and only packages signed with {string.Join(" or ", Ids)} are taken.");
        if (signature.Algorithm != PackageSignature.EcdsaP256) throw new EdgeException($"its signature is '{signature.Algorithm}'; this build knows {PackageSignature.EcdsaP256}.");
        if (!keys.TryGetValue(signature.Key, out byte[]? publicKey))
            throw new EdgeException($"it is signed with key {signature.Key}, which is not trusted; trusted are {string.Join(", ", Ids)}.");
        using ECDsa key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(publicKey, out _);
        if (!key.VerifyData(manifest, signature.Value, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))
            throw new EdgeException($"its signature with key {signature.Key} is not of this manifest.json: one of them was changed.");
    }
}
