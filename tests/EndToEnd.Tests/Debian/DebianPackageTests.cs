using Xunit;

namespace Edge.Tests.Debian;

/// <summary>The .deb in a clean Debian that systemd has booted: installed, run, killed, upgraded, downgraded, removed and purged (inside.sh).</summary>
public sealed class DebianPackageTests(TrainedLine line)
{
    private static readonly string[] Steps =
    [
        "installed", "inspects as a user of its own", "starts again", "sandboxed", "upgraded", "backed up and restored", "back to the older version, not started because it did not run", "removed", "purged, data kept",
    ];

    [Fact]
    public void It_is_installed_run_upgraded_and_removed()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root (to boot a Debian of its own)");
        foreach (string program in (string[])["debootstrap", "systemd-nspawn", "dpkg-deb"])
            Assert.SkipUnless(((string[])["/usr/sbin", "/usr/bin"]).Any(folder => File.Exists(Path.Combine(folder, program))), $"needs {program}");
        using TempFolder folder = new();
        string root = folder["root"], packages = folder["packages"], here = Path.Combine(TestPaths.Repository, "tests/EndToEnd.Tests/Debian");
        Finished bootstrap = Run("debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus", "bookworm", root);
        Assert.SkipUnless(bootstrap.ExitCode == 0, "needs a Debian mirror");

        Programs.Run(Path.Combine(TestPaths.Repository, "deploy/debian/build.sh"), 0, "--version", "1", "--out", packages);
        Programs.Run("/usr/bin/dpkg-deb", 0, "-R", Path.Combine(packages, "edge-agent_1_amd64.deb"), folder["next"]);
        string control = Path.Combine(folder["next"], "DEBIAN/control");
        File.WriteAllText(control, File.ReadAllText(control).Replace("Version: 1\n", "Version: 2\n", StringComparison.Ordinal));
        Programs.Run("/usr/bin/dpkg-deb", 0, "--root-owner-group", "-Zzstd", "-z1", "--build", folder["next"], Path.Combine(packages, "edge-agent_2_amd64.deb"));

        int port = Ports.Free();   // the container shares the machine's network
        File.Copy(Path.Combine(here, "inside.sh"), Path.Combine(packages, "inside.sh"));
        File.WriteAllText(Path.Combine(packages, "environment"), $"PORT={port}\n");
        File.WriteAllText(Path.Combine(packages, "appsettings.json"), $$"""
            { "Edge": { "Http": { "Port": {{port}} }, "Mqtt": { "Enabled": false }, "Stations": { "station1": {
              "Source": { "Kind": "Synthetic", "Width": 640, "Height": 512 }, "Trigger": { "Mode": "Interval", "Interval": "00:00:00.2" }, "Model": "flange" } } } }
            """);
        Programs.Run("/bin/cp", 0, "-r", line.Models, Path.Combine(packages, "models"));
        string units = Path.Combine(root, "etc/systemd/system");
        File.Copy(Path.Combine(here, "edge-test.service"), Path.Combine(units, "edge-test.service"));
        Directory.CreateDirectory(Path.Combine(units, "multi-user.target.wants"));
        File.CreateSymbolicLink(Path.Combine(units, "multi-user.target.wants/edge-test.service"), "../edge-test.service");
        Directory.CreateDirectory(Path.Combine(root, "packages"));

        Finished boot = Run("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--resolv-conf=copy-host", $"--bind-ro={packages}:/packages", "-b", "-D", root);
        string result = Path.Combine(root, "result");
        Assert.SkipUnless(File.Exists(result), $"needs a machine on which systemd-nspawn can boot: {boot.Error}{boot.Output}");
        string[] lines = File.ReadAllLines(result);
        string[] done = [.. lines.Where(l => l.StartsWith("ok: ", StringComparison.Ordinal)).Select(l => l["ok: ".Length..])];
        Assert.True(Steps.SequenceEqual(done), string.Join('\n', lines));
        Assert.Contains(lines, l => l.Contains("Overall exposure level for edge-agent.service: 1.7 OK", StringComparison.Ordinal));
    }

    private static Finished Run(string program, params string[] arguments)
    {
        using RunningProgram running = Programs.Start("/usr/bin/env", ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", program, .. arguments]);
        return running.Wait();
    }
}
