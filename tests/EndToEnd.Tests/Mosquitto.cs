using System.Diagnostics;
using System.Net.Sockets;
using Xunit;

namespace Edge.Tests;

/// <summary>A real mosquitto on a loopback port of its own, with persistence, that can be stopped and started again.</summary>
internal sealed class Mosquitto : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly bool secured;
    private Process? process;

    public int Port { get; } = Ports.Free();

    /// <summary>With deploy/mosquitto: the port for users with a password.</summary>
    public int PasswordPort { get; } = Ports.Free();

    /// <summary>Its configuration and what lies beside it.</summary>
    public string this[string relative] => folder[relative];

    public Mosquitto()
    {
        Assert.SkipUnless(Binary("mosquitto") is not null, "needs mosquitto");
        Assert.SkipUnless(Binary("mosquitto_sub") is not null, "needs mosquitto_sub (mosquitto-clients)");
        File.WriteAllText(folder["mosquitto.conf"], $"""
            listener {Port} 127.0.0.1
            allow_anonymous true
            persistence true
            persistence_location {folder.Path}/
            autosave_interval 1
            max_queued_messages 0
            queue_qos0_messages true
            user root

            """);
        Start();
    }

    /// <summary>deploy/mosquitto's own files, with other folders and ports; certificates and one password user are made here.</summary>
    public Mosquitto(TestCertificates authority, string user, string password)
    {
        secured = true;
        Assert.SkipUnless(Binary("mosquitto") is not null && Binary("mosquitto_passwd") is not null, "needs mosquitto");
        string deploy = Path.Combine(TestPaths.Repository, "deploy/mosquitto"), conf = File.ReadAllText(Path.Combine(deploy, "mosquitto.conf"));
        foreach ((string from, string to) in new[] { ("/etc/mosquitto/", folder.Path + "/"), ("/var/lib/mosquitto/", folder.Path + "/"), ("listener 8883\n", $"listener {Port} 127.0.0.1\n"), ("listener 8884\n", $"listener {PasswordPort} 127.0.0.1\n") })
        {
            Assert.Contains(from, conf, StringComparison.Ordinal);
            conf = conf.Replace(from, to, StringComparison.Ordinal);
        }
        File.WriteAllText(folder["mosquitto.conf"], conf + "user root\n");
        File.Copy(Path.Combine(deploy, "acl"), folder["acl"]);
        Directory.CreateDirectory(folder["certs"]);
        File.WriteAllText(folder["certs/ca.pem"], authority.Pem);
        authority.Write(folder["certs"], "broker", "broker");
        Programs.Run(Binary("mosquitto_passwd")!, 0, "-c", "-b", folder["passwords"], user, password);
        Start();
    }

    public void Start()
    {
        process = Process.Start(new ProcessStartInfo(Binary("mosquitto")!, ["-c", folder["mosquitto.conf"]]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.ErrorDataReceived += (_, _) => { };
        process.OutputDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        WaitForListener(Port);
        if (secured) WaitForListener(PasswordPort);
    }

    private void WaitForListener(int port)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using TcpClient probe = new("127.0.0.1", port);
                return;
            }
            catch (SocketException) when (clock.Elapsed < TimeSpan.FromSeconds(10) && !process!.HasExited)
            {
                Thread.Yield();
            }
        }
    }

    /// <summary>SIGTERM: it saves its state, as when systemd restarts it.</summary>
    public void Stop()
    {
        using (Process kill = Process.Start("kill", [$"{process!.Id}"])!) kill.WaitForExit();
        process.WaitForExit();
        process.Dispose();
        process = null;
    }

    /// <summary>mosquitto_sub with a session that survives broker restarts; a line per message: topic, space, payload.</summary>
    public RunningProgram Subscribe(string topic) =>
        Programs.Start(Binary("mosquitto_sub")!, "-h", "127.0.0.1", "-p", $"{Port}", "-V", "mqttv5", "-c", "-x", "3600", "-i", $"sub-{Guid.NewGuid():N}", "-q", "1", "-t", topic, "-v");

    /// <summary>mosquitto_pub, at QoS 1.</summary>
    public void Publish(string topic, string payload, bool retain = false) =>
        Programs.Run(Binary("mosquitto_pub")!, 0, ["-h", "127.0.0.1", "-p", $"{Port}", "-V", "mqttv5", "-q", "1", "-t", topic, "-m", payload, .. retain ? (string[])["-r"] : []]);

    private static string? Binary(string name) =>
        ((string[])["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"]).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    public void Dispose()
    {
        if (process is not null) Stop();
        folder.Dispose();
    }
}
