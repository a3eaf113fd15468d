using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Edge.Agent.Configuration;
using Edge.Imaging;

namespace Edge.Agent.Capture.Network;

/// <summary>
/// A stream that an ffmpeg process decodes; what it crashes on is not our process. It is always read as fast as it comes and only the newest frame is kept.
/// </summary>
internal sealed class FfmpegStream : IDisposable
{
    private const int ErrorsKept = 8192;   // characters

    private readonly string address;
    private readonly CameraLogin? login;
    private readonly TimeProvider time;
    private readonly Process process;
    private readonly Thread reader;
    private readonly StringBuilder errors = new();
    private readonly object gate = new();
    private ImageBuffer newest = new(), next = new();
    private long arrivedAt, number, taken;
    private bool ended;

    /// <exception cref="CameraException">ffmpeg is not there, or the credentials' file is not.</exception>
    public FfmpegStream(SourceOptions options, TimeProvider time)
    {
        (address, this.time) = (options.Url!, time);
        login = CameraLogin.Read(options.CredentialsFile);
        try
        {
            process = Process.Start(Command())!;
        }
        catch (Win32Exception e)
        {
            throw new CameraException(CameraCause.Other, "RTSP streams need the program ffmpeg, which is not installed: apt-get install ffmpeg", e);
        }
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        WriteScript(options);
        reader = new Thread(Read) { IsBackground = true, Name = $"stream {address}" };
        reader.Start();
    }

    private static ProcessStartInfo Command()
    {
        ProcessStartInfo start = new("ffmpeg") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])["-v", "error", "-nostats", "-probesize", "32768", "-analyzeduration", "0", "-fflags", "nobuffer", "-flags", "low_delay",
            "-f", "concat", "-safe", "0", "-protocol_whitelist", "pipe,tcp,udp,rtp,rtsp,rtsps,tls,crypto", "-i", "pipe:0",
            "-an", "-fps_mode", "passthrough", "-c:v", "ppm", "-f", "image2pipe", "pipe:1"]) start.ArgumentList.Add(argument);
        start.Environment["LC_ALL"] = "C";
        return start;
    }

    /// <summary>Address and password come as a script on the standard input: everybody may read a command line.</summary>
    private void WriteScript(SourceOptions options)
    {
        UriBuilder url = new(options.Url!);
        string user = login is null ? "" : login.Escaped + "@";
        string full = $"{url.Scheme}://{user}{url.Uri.Authority}{url.Uri.PathAndQuery}".Replace("'", "%27", StringComparison.Ordinal);
        try
        {
            process.StandardInput.Write($"""
                ffconcat version 1.0
                file '{full}'
                option rtsp_transport {(options.Transport == StreamTransport.Udp ? "udp" : "tcp")}
                option timeout {options.TimeoutMs * 1000L}
                option probesize 32768
                option analyzeduration 0
                option fflags nobuffer

                """);
            process.StandardInput.Close();
        }
        catch (IOException) { }   // it has ended already and says why on its standard error
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        if (login is not null) line = login.Hide(line);
        lock (errors)
            if (errors.Length + line.Length < ErrorsKept) errors.Append(line).Append('\n');
    }

    private void Read()
    {
        try
        {
            using BufferedStream stream = new(process.StandardOutput.BaseStream, 65_536);
            while (true)
            {
                (int width, int height) = PortablePixmap.ReadHeader(stream);
                stream.ReadExactly(next.Reset(width, height, PixelFormat.Rgb24));
                lock (gate)
                {
                    (newest, next) = (next, newest);
                    (arrivedAt, number) = (time.GetTimestamp(), number + 1);
                    Monitor.PulseAll(gate);
                }
            }
        }
        catch (Exception e) when (e is IOException or EdgeException or ObjectDisposedException)
        {
            lock (gate)
            {
                ended = true;
                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>Copies the newest frame that was not taken before and came at or after <paramref name="notBefore"/>; false when none comes in time.</summary>
    /// <exception cref="CameraException">The stream has ended.</exception>
    public bool TryTake(ImageBuffer? into, long notBefore, TimeSpan wait)
    {
        long start = time.GetTimestamp();
        lock (gate)
        {
            while (number == taken || arrivedAt < notBefore)
            {
                if (ended) break;
                TimeSpan left = wait - time.GetElapsedTime(start);
                if (left <= TimeSpan.Zero) return false;
                Monitor.Wait(gate, left);
            }
            if (!ended)
            {
                if (into is null) return true;
                newest.Pixels.CopyTo(into.Reset(newest.Width, newest.Height, newest.Format));
                taken = number;
                return true;
            }
        }
        throw Ended();
    }

    /// <exception cref="CameraException">The stream has ended, or has given no frame for too long.</exception>
    public void Check(TimeSpan longest)
    {
        bool silent;
        lock (gate)
        {
            if (!ended && time.GetElapsedTime(arrivedAt) < longest) return;
            silent = !ended;
        }
        throw silent ? new CameraException(CameraCause.Silent, $"no frame for {longest.TotalMilliseconds} ms") : Ended();
    }

    private CameraException Ended()
    {
        process.WaitForExit();   // its last words
        lock (errors) return FfmpegErrors.Explain(address, errors.ToString());
    }

    public void Dispose()
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException) { }   // it has ended by itself
        reader.Join();
        process.WaitForExit();
        process.Dispose();
    }
}
