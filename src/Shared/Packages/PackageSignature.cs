namespace Edge.Packages;

/// <summary>File <c>signature</c> of a package: over the bytes of manifest.json, which holds the SHA-256 of every other file.</summary>
/// <param name="Algorithm">Always <see cref="EcdsaP256"/>; FIPS 186-5.</param>
/// <param name="Key">Id of the signer's public key, see <see cref="TrustedKeys"/>.</param>
/// <param name="Value">DER (ECDSA-Sig-Value of RFC 3279), base64.</param>
public sealed record PackageSignature(string Algorithm, string Key, byte[] Value)
{
    public const string EcdsaP256 = "ecdsa-p256-sha256";
}
