using System.Buffers.Binary;
using Xunit;

namespace Edge.Tests;

/// <summary>What can be known of deploy/jetson without a Jetson.</summary>
public sealed class JetsonTests
{
    private const ushort Aarch64 = 183;   // EM_AARCH64

    private static readonly string Deploy = Path.Combine(TestPaths.Repository, "deploy/jetson");

    [Fact]
    public void The_archive_has_an_agent_for_its_processor_and_waits_for_the_native_parts()
    {
        using TempFolder folder = new();
        Programs.Run(Path.Combine(Deploy, "build.sh"), 0, "--out", folder.Path);
        Programs.Run("/bin/tar", 0, "-C", folder.Path, "-xzf", folder["edge-agent-jetson.tar.gz"]);
        string agent = folder["opt/edge-agent"];
        foreach (string file in (string[])["edge-agent", "libcoreclr.so", "libe_sqlite3.so"])
        {
            byte[] header = File.ReadAllBytes(Path.Combine(agent, file))[..20];
            Assert.Equal("\u007FELF"u8.ToArray(), header[..4]);
            Assert.Equal(Aarch64, BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(18)));
        }
        Assert.Empty(Directory.GetFiles(agent, "libonnxruntime*"));
        foreach (string file in (string[])["systemd/system/edge-agent.service.d/jetson.conf", "systemd/system/edge-agent.service", "sysusers.d/edge-agent.conf", "tmpfiles.d/edge-agent.conf"]) Assert.True(File.Exists(folder[$"etc/{file}"]), file);

        Directory.CreateDirectory(folder["natives"]);
        Finished missing = Programs.Run(Path.Combine(Deploy, "build.sh"), 1, "--natives", folder["natives"], "--out", folder.Path);
        Assert.Contains("has no libonnxruntime.so", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Scripts_and_units_are_sound()
    {
        foreach (string script in Directory.GetFiles(Deploy, "*.sh")) Programs.Run("/bin/bash", 0, "-n", script);
        if (File.Exists("/usr/bin/uname") && System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.Arm64)
            Assert.Contains("runs on the Jetson itself", Programs.Run(Path.Combine(Deploy, "natives.sh"), 2).Error, StringComparison.Ordinal);
        string versions = File.ReadAllText(Path.Combine(TestPaths.Repository, "Directory.Packages.props")), natives = File.ReadAllText(Path.Combine(Deploy, "natives.sh"));
        foreach ((string package, string name) in new[] { ("Microsoft.ML.OnnxRuntime", "onnxruntime"), ("OpenCvSharp4", "opencvsharp") })
        {
            string version = System.Text.RegularExpressions.Regex.Match(versions, $"Include=\"{package}\" Version=\"([^\"]+)\"").Groups[1].Value;
            Assert.Contains($"{name}={version}", natives, StringComparison.Ordinal);   // the managed part's
        }
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "needs systemd-analyze");
        using TempFolder folder = new();
        Directory.CreateDirectory(folder["edge-agent.service.d"]);
        File.Copy(Path.Combine(Deploy, "edge-agent.conf"), folder["edge-agent.service.d/jetson.conf"]);
        foreach ((string from, string to) in new[] { ("systemd/edge-agent.service", "edge-agent.service"), ("jetson/edge-power.service", "edge-power.service") })
            File.WriteAllText(folder[to], System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(Path.Combine(TestPaths.Repository, "deploy", from)), "ExecStart=.*", "ExecStart=/bin/true"));
        Finished verified = Programs.Run("/usr/bin/systemd-analyze", 0, "verify", "--recursive-errors=no", folder["edge-agent.service"], folder["edge-power.service"]);
        Assert.DoesNotContain("Unknown", verified.Error, StringComparison.Ordinal);
    }
}
