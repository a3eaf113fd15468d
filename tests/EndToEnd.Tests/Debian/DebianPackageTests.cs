using Xunit;

namespace Edge.Tests.Debian;

/// <summary>The .debs in a clean Debian that systemd has booted: installed, run, killed, upgraded, downgraded, removed and purged (inside.sh); a trainer beside the agent.</summary>
public sealed class DebianPackageTests(TrainedLine line)
{
    private static readonly string[] Steps =
    [
        "installed", "inspects as a user of its own", "starts again", "from a dynamic user to its own", "sandboxed", "upgraded",
        "trainer installed", "trainer publishes into the agent's models", "trainer reads what it should and writes nothing else", "trainer sandboxed", "the agent goes back", "trainer removed, data kept",
        "backed up and restored", "back to the older version, not started because it did not run", "removed", "purged, data kept",
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

        string build = Path.Combine(TestPaths.Repository, "deploy/debian/build.sh");
        Programs.Run(build, 0, "--version", "1", "--out", packages);
        Programs.Run(build, 0, "--package", "trainer", "--version", "1", "--out", packages);
        Programs.Run("/usr/bin/dpkg-deb", 0, "-R", Path.Combine(packages, "edge-agent_1_amd64.deb"), folder["tree"]);
        Pack("2");
        Age(folder["tree"]);
        Pack("0");

        int port = Ports.Free();   // the container shares the machine's network
        File.Copy(Path.Combine(here, "inside.sh"), Path.Combine(packages, "inside.sh"));
        File.WriteAllText(Path.Combine(packages, "environment"), $"PORT={port}\n");
        File.WriteAllText(Path.Combine(packages, "appsettings.json"), $$"""
            { "Edge": { "Http": { "Port": {{port}} }, "Mqtt": { "Enabled": false }, "Archive": { "Enabled": true, "AcceptedShare": 0.1 }, "Stations": { "station1": {
              "Source": { "Kind": "Synthetic", "Width": 640, "Height": 512 }, "Trigger": { "Mode": "Interval", "Interval": "00:00:00.2" }, "Model": "flange" } } } }
            """);
        File.WriteAllText(Path.Combine(packages, "trainer.json"), $$"""
            { "Trainer": { "Models": "/var/lib/edge/models", "Http": { "Port": {{Ports.Free()}} }, "Mqtt": { "Enabled": false }, "Products": { "flange": {
              "Data": "/packages/data", "Archive": "/var/lib/edge/archive", "Reviewed": "/var/lib/edge/reviews/pictures/flange", "ReviewedParts": 1, "Arguments": "--coreset 0.02 --size 128", "Activate": true,
              "Gates": { "MaxAurocLoss": 1, "MaxMissIncrease": 1, "MaxFalseRejectRate": 1, "MaxLatencyRatio": 1000 } } } } }
            """);
        Programs.Run("/bin/cp", 0, "-r", line.Models, Path.Combine(packages, "models"));
        Programs.Run("/bin/cp", 0, "-r", line.Data, Path.Combine(packages, "data"));
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
        foreach (string exposure in (string[])["edge-agent.service: 1.6 OK", "edge-trainer.service: 1.7 OK"]) Assert.True(lines.Any(l => l.Contains($"Overall exposure level for {exposure}", StringComparison.Ordinal)), string.Join('\n', lines));

        void Pack(string version)
        {
            string control = Path.Combine(folder["tree"], "DEBIAN/control");
            File.WriteAllLines(control, File.ReadAllLines(control).Select(l => l.StartsWith("Version:", StringComparison.Ordinal) ? $"Version: {version}" : l));
            Programs.Run("/usr/bin/dpkg-deb", 0, "--root-owner-group", "-Zzstd", "-z1", "--build", folder["tree"], Path.Combine(packages, $"edge-agent_{version}_amd64.deb"));
        }
    }

    /// <summary>As the package was before its service had a user of its own.</summary>
    private static void Age(string tree)
    {
        foreach (string folder in (string[])["usr/lib/sysusers.d", "usr/lib/tmpfiles.d"]) Directory.Delete(Path.Combine(tree, folder), recursive: true);
        Change("usr/lib/systemd/system/edge-agent.service", ("User=edge\nGroup=edge\n", "DynamicUser=yes\nUser=edge\n"), ("ExecStartPre=+systemd-tmpfiles --create edge-agent.conf\n", ""), ("UMask=0007", "UMask=0027"));
        Change("DEBIAN/postinst", ("systemd-sysusers edge-agent.conf\n", ""));

        void Change(string file, params (string From, string To)[] changes)
        {
            string text = File.ReadAllText(Path.Combine(tree, file));
            foreach ((string from, string to) in changes)
            {
                Assert.Contains(from, text, StringComparison.Ordinal);
                text = text.Replace(from, to, StringComparison.Ordinal);
            }
            File.WriteAllText(Path.Combine(tree, file), text);
        }
    }

    private static Finished Run(string program, params string[] arguments)
    {
        using RunningProgram running = Programs.Start("/usr/bin/env", ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", program, .. arguments]);
        return running.Wait();
    }
}
