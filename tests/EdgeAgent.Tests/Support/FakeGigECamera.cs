using System.Diagnostics;
using Xunit;

namespace Edge.Tests.Support;

/// <summary>Aravis' GigE Vision camera as a process on the loopback interface: it can be pulled out and plugged in again. One at a time: its port is fixed.</summary>
internal sealed class FakeGigECamera : IDisposable
{
    public const string Address = "127.0.0.1", Serial = "EDGE01";

    private const string Program = "arv-fake-gv-camera-0.8";
    private Process? process;

    /// <param name="lostPerThousand">Packets of pictures that never arrive.</param>
    public FakeGigECamera(int lostPerThousand = 0)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(p => File.Exists(Path.Combine(p, Program))), $"needs {Program} (aravis-tools)");
        // GigE Vision's control port: a camera that another test run has left behind would answer instead of this one.
        using (System.Net.Sockets.UdpClient free = new(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 3956))) { }
        PlugIn(lostPerThousand);
    }

    public void PlugIn(int lostPerThousand = 0) =>
        process = Process.Start(new ProcessStartInfo(Program, ["-i", Address, "-s", Serial, "-r", $"{lostPerThousand}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    public void PullOut()
    {
        process!.Kill();
        process.WaitForExit();
        process.Dispose();
        process = null;
    }

    public void Dispose()
    {
        if (process is not null) PullOut();
    }
}
