using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Edge.Packages;
using Xunit;

namespace Edge.Tests.Packages;

public sealed class SignatureTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly SigningKey key;

    public SignatureTests() => key = SigningKey.Create(folder["our.key"]);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_signed_package_opens_with_its_key_and_OpenSsl_agrees()
    {
        Package package = Publish();
        Package opened = Trusting("our.key.pub").OpenCurrent("part");
        Assert.Equal(key.Id, opened.SignedBy);
        Assert.Null(Package.Open(package.Folder).SignedBy);   // nobody asked, so nobody says so

        JsonNode signature = JsonNode.Parse(File.ReadAllText(Path.Combine(package.Folder, "signature")))!;
        File.WriteAllBytes(folder["signature.der"], Convert.FromBase64String((string)signature["value"]!));
        Assert.Equal("Verified OK", OpenSsl("dgst", "-sha256", "-verify", folder["our.key.pub"], "-signature", folder["signature.der"], Path.Combine(package.Folder, "manifest.json")));
    }

    [Fact]
    public void An_unsigned_package_is_refused_only_where_keys_are_configured()
    {
        Package package = PackageTests.Publish(folder["models"]);
        Assert.Null(Package.Open(package.Folder).Signature);
        Refused("it is not signed", key.Id);
    }

    [Fact]
    public void Another_key_is_refused_and_a_second_trusted_key_is_not()
    {
        SigningKey other = SigningKey.Create(folder["other.key"]);
        Publish();
        EdgeException e = Assert.Throws<EdgeException>(() => Trusting("other.key.pub").Open("part", 1));
        Assert.Contains($"signed with key {key.Id}, which is not trusted; trusted are {other.Id}", e.Message, StringComparison.Ordinal);
        File.WriteAllText(folder["both"], File.ReadAllText(folder["other.key.pub"]) + File.ReadAllText(folder["our.key.pub"]));
        Assert.Equal(key.Id, Trusting("both").Open("part", 1).SignedBy);
    }

    /// <summary>Whoever can write the folder can make manifest and hashes agree, or claim another's key; not the signature.</summary>
    [Theory]
    [InlineData("manifest")]
    [InlineData("signature")]
    [InlineData("claimed")]
    [InlineData("other version")]
    public void What_was_changed_and_made_to_agree_is_refused(string what)
    {
        Package package = Publish(), second = Publish();
        string manifest = Path.Combine(package.Folder, "manifest.json"), signature = Path.Combine(package.Folder, "signature");
        if (what == "manifest") File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\"threshold\": 0.5", "\"threshold\": 9.5", StringComparison.Ordinal));
        if (what == "signature") Change(s => s["value"] = Convert.ToBase64String(Flipped(Convert.FromBase64String((string)s["value"]!))));
        if (what == "other version") File.Copy(Path.Combine(second.Folder, "signature"), signature, overwrite: true);
        if (what == "claimed")
        {
            SigningKey other = SigningKey.Create(folder["other.key"]);
            PackageSignature theirs = other.Sign(File.ReadAllBytes(manifest));
            Change(s => s["value"] = Convert.ToBase64String(theirs.Value));
        }
        Package.Open(package.Folder);   // all hashes agree
        Refused($"signature with key {key.Id} is not of this manifest.json");

        void Change(Action<JsonNode> change)
        {
            JsonNode json = JsonNode.Parse(File.ReadAllText(signature))!;
            change(json);
            File.WriteAllText(signature, json.ToJsonString());
        }
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("null", "null")]
    [InlineData("""{"algorithm":"none","key":"","value":""}""", "'none'")]
    [InlineData("""{"algorithm":"ecdsa-p256-sha256","key":"a","value":"","more":1}""", "more")]
    [InlineData("""{"algorithm":"ecdsa-p256-sha256","key":"a","value":"not base64!"}""", "value")]
    public void A_file_that_is_no_signature_is_refused(string content, string why)
    {
        File.WriteAllText(Path.Combine(Publish().Folder, "signature"), content);
        Refused(why);
    }

    [Fact]
    public void A_truncated_or_removed_signature_is_refused()
    {
        string signature = Path.Combine(Publish().Folder, "signature");
        byte[] whole = File.ReadAllBytes(signature);
        foreach (int length in (int[])[0, 1, whole.Length / 2, whole.Length - 1])
        {
            File.WriteAllBytes(signature, whole[..length]);
            Assert.Throws<EdgeException>(() => Trusting("our.key.pub").Open("part", 1));
        }
        File.Delete(signature);
        Refused("it is not signed");
    }

    [Fact]
    public void The_private_key_is_its_owners_only_and_never_overwritten()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Unix file modes");
            return;
        }
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["our.key"]));
        Assert.Equal(key.Id, SigningKey.Read(folder["our.key"]).Id);
        byte[] before = File.ReadAllBytes(folder["our.key"]);
        Assert.Throws<EdgeException>(() => SigningKey.Create(folder["our.key"]));
        Assert.Equal(before, File.ReadAllBytes(folder["our.key"]));
        File.SetUnixFileMode(folder["our.key"], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("open to everybody", Assert.Throws<EdgeException>(() => SigningKey.Read(folder["our.key"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_public_key_is_not_trusted()
    {
        using ECDsa p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        File.WriteAllText(folder["p384"], p384.ExportSubjectPublicKeyInfoPem());
        File.WriteAllText(folder["empty"], "");
        foreach ((string file, string why) in ((string, string)[])[("p384", "none of ECDSA P-256"), ("empty", "holds no public key"), ("our.key", "PRIVATE KEY"), ("absent", "can't be read")])
            Assert.Contains(why, Assert.Throws<EdgeException>(() => TrustedKeys.Read(folder[file])).Message, StringComparison.Ordinal);
    }

    private Package Publish() => PackageTests.Publish(folder["models"], key);

    private PackageStore Trusting(string keys) => new(folder["models"]) { TrustedKeysFile = folder[keys] };

    private void Refused(params string[] words)
    {
        EdgeException e = Assert.Throws<EdgeException>(() => Trusting("our.key.pub").Open("part", 1));
        foreach (string word in words) Assert.Contains(word, e.Message, StringComparison.Ordinal);
    }

    private static byte[] Flipped(byte[] value)
    {
        value[^1] ^= 1;
        return value;
    }

    private static string OpenSsl(params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true })!;
            string said = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return said.Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("openssl");
            throw;
        }
    }
}
