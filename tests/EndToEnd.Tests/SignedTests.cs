using Edge.Packages;
using Xunit;

namespace Edge.Tests;

/// <summary>Keys, from the one who publishes to whoever takes a package, as processes.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class SignedTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly string picture, key;

    public SignedTests(TrainedLine line)
    {
        Programs.Run("/bin/cp", 0, "-r", line.Models, folder["models"]);
        picture = Directory.EnumerateFiles(Path.Combine(line.Data, "test/good")).First();
        key = folder["our.key"];
        Programs.Run(Programs.Trainer, 0, "keys", "new", key);
    }

    public void Dispose() => folder.Dispose();

    private string Flange => folder["models/flange"];

    /// <summary>Publishes another version, the cheapest way, as somebody whose environment names this key.</summary>
    private Finished Publish(int exitCode, string? signing) =>
        Programs.Run("/usr/bin/env", exitCode, [.. signing is null ? (string[])[] : [$"{SigningKey.Variable}={signing}"], Programs.Trainer, "calibrate", "--package", Flange, "--threshold", "9"]);

    [Fact]
    public void Keys_new_makes_a_pair_that_only_its_owner_reads_and_never_overwrites_one()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        byte[] before = File.ReadAllBytes(key);
        string id = Assert.Single(TrustedKeys.Read(key + ".pub").Ids);
        Assert.Contains("exists; a key is never overwritten", Programs.Run(Programs.Trainer, 1, "keys", "new", key).Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(key));
        Assert.Contains($"key {Assert.Single(TrustedKeys.Read(Another() + ".pub").Ids)}", madeAnother, StringComparison.Ordinal);
        Assert.DoesNotContain(id, madeAnother, StringComparison.Ordinal);
        Assert.Contains("Cannot write the key", Programs.Run(Programs.Trainer, 1, "keys", "new", folder["absent/x.key"]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_key_signed_is_inspected_with_and_restored_and_nothing_else()
    {
        Publish(0, key);      // 2, signed
        Publish(0, null);     // 3, not
        Publish(0, Another());   // 4, by somebody else
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("open to everybody", Publish(1, key).Error, StringComparison.Ordinal);
        Assert.Contains("can't be read", Publish(1, folder["absent.key"]).Error, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3, 4], new PackageStore(folder["models"]).Versions("flange"));

        string[] keys = ["--trusted-keys", key + ".pub"];
        Programs.Run(Programs.Agent, 0, ["inspect", "-p", $"{Flange}/2", picture, .. keys]);
        Programs.Run(Programs.Agent, 0, ["inspect", "-p", $"{Flange}/4", picture]);
        Assert.Contains("it is not signed", Inspect($"{Flange}/3"), StringComparison.Ordinal);
        Assert.Contains("which is not trusted", Inspect(Flange), StringComparison.Ordinal);   // current is 4

        string backup = folder["line.tar.gz"], there = Directory.CreateDirectory(folder["there"]).FullName, config = Configure(there, keys: key + ".pub");
        Programs.Run(Programs.Agent, 0, "backup", "--config", Configure(folder.Path, keys: null), backup);
        Assert.Contains("which is not trusted", Programs.Run(Programs.Agent, 1, "restore", "--config", config, backup).Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(there, "models")));

        new PackageStore(folder["models"]).SetCurrent("flange", 2);
        Programs.Run(Programs.Agent, 0, "backup", "--config", Configure(folder.Path, keys: null), backup);
        string said = Programs.Run(Programs.Agent, 0, "restore", "--config", config, backup).Output;
        foreach (int version in (int[])[1, 3, 4]) Assert.Contains($"version {version} will not run here", said, StringComparison.Ordinal);
        Assert.Equal(2, new PackageStore(Path.Combine(there, "models")) { TrustedKeysFile = key + ".pub" }.OpenCurrent("flange").Manifest.Version);

        string Inspect(string package) => Programs.Run(Programs.Agent, 1, ["inspect", "-p", package, picture, .. keys]).Error;
    }

    private string madeAnother = "";

    private string Another()
    {
        madeAnother = Programs.Run(Programs.Trainer, 0, "keys", "new", folder["other.key"]).Output;
        return folder["other.key"];
    }

    private static string Configure(string place, string? keys)
    {
        string file = Path.Combine(place, "line.json");
        File.WriteAllText(file, $$"""
            { "Edge": { "Models": "{{place}}/models", "TrustedKeys": {{(keys is null ? "null" : $"\"{keys}\"")}}, "State": "{{place}}/state", "Http": { "Port": 0 }, "Mqtt": { "Enabled": false },
              "Journal": { "Enabled": false, "Path": "{{place}}/journal.db" }, "Records": { "Enabled": false }, "Stations": { "station1": { "Source": { "Kind": "Synthetic" }, "Model": "flange" } } } }
            """);
        return file;
    }
}
