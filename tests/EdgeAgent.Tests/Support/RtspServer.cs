using System.Diagnostics;
using Xunit;

namespace Edge.Tests.Support;

/// <summary>GStreamer's RTSP server as a process: it can be killed, frozen and started again on its port.</summary>
internal sealed class RtspServer : IDisposable
{
    private const string Interpreter = "/usr/bin/python3";

    private static readonly Lazy<bool> IsThere = new(() =>
        File.Exists(Interpreter) && Run("-c", "import gi; gi.require_version('GstRtspServer','1.0'); gi.require_version('Gst','1.0'); from gi.repository import Gst; Gst.init(None); assert all(Gst.ElementFactory.find(e) for e in ('videobalance','jpegenc','rtpjpegpay','x264enc'))"));

    private readonly string[] login;
    private Process? process;

    /// <param name="login">User and password, or nothing.</param>
    public RtspServer(params string[] login)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(p => File.Exists(Path.Combine(p, "ffmpeg"))), "needs ffmpeg");
        Assert.SkipUnless(IsThere.Value, "needs gir1.2-gst-rtsp-server-1.0 and GStreamer's plugins good and ugly");
        this.login = login;
        Start();
    }

    public int Port { get; } = Ports.Free();

    public string Url(string path) => $"rtsp://127.0.0.1:{Port}/{path}";

    public void Start()
    {
        process = Process.Start(new ProcessStartInfo(Interpreter, [Path.Combine(AppContext.BaseDirectory, "Support", "rtsp_server.py"), $"{Port}", .. login]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Assert.Equal("up", process.StandardOutput.ReadLine());
    }

    public void Kill()
    {
        process!.Kill();
        process.WaitForExit();
        process.Dispose();
        process = null;
    }

    /// <summary>Stops it where it is; its connections stay open.</summary>
    public void Freeze() => Signal("STOP");

    public void Thaw() => Signal("CONT");

    private void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{process!.Id}"]);
        kill.WaitForExit();
    }

    private static bool Run(params string[] arguments)
    {
        using Process python = Process.Start(new ProcessStartInfo(Interpreter, arguments) { RedirectStandardError = true })!;
        python.WaitForExit();
        return python.ExitCode == 0;
    }

    public void Dispose()
    {
        if (process is not null) Kill();
    }
}
