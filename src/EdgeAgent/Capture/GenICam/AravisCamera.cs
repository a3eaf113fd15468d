using System.Diagnostics;
using System.Net;
using Edge.Agent.Configuration;

namespace Edge.Agent.Capture.GenICam;

/// <summary>One connection to a camera that is set up and acquires: lost once, it is thrown away and another one made.</summary>
internal sealed class AravisCamera : IDisposable
{
    /// <summary>Pictures that may wait for the station. One more and the next is lost in the host, which its number shows.</summary>
    private const int Buffers = 8;

    private readonly string name;
    private readonly GObject camera;
    private readonly bool gigE;
    private GObject? stream;
    private long askedAt = Stopwatch.GetTimestamp();
    private bool lost;

    /// <param name="trigger">Source of the trigger; null = the camera's own rate.</param>
    /// <exception cref="EdgeException">Not there, held by another program, or it refuses a setting.</exception>
    public AravisCamera(SourceOptions options, CameraSettings settings, string? trigger)
    {
        name = options.Aravis.Device is { } device ? $"camera {device}" : "camera";
        try
        {
            camera = Open(options.Aravis.Device);
            gigE = Aravis.IsGigE(camera) != 0;
            SetUp(options, settings, trigger);
            Acquire();
        }
        catch (DllNotFoundException e)
        {
            Dispose();
            throw new EdgeException("GigE Vision and USB3 Vision cameras need the library libaravis-0.8.so.0, which is not installed: apt-get install libaravis-0.8-0", e);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// The camera does not answer any more, or another program has taken it. Asked for instead of told by libaravis' signal: a handler that
    /// runs while the last reference goes makes libaravis' own thread wait for itself, which ends the process.
    /// </summary>
    public bool IsLost()
    {
        if (lost) return true;
        if (gigE) return lost = Aravis.IsController(Aravis.DeviceOf(camera)) == 0;   // its heartbeat, each second
        if (Stopwatch.GetElapsedTime(askedAt) < TimeSpan.FromSeconds(1)) return false;
        askedAt = Stopwatch.GetTimestamp();
        nint error = 0;
        Aravis.ReadRegister(Aravis.DeviceOf(camera), 0, out _, ref error);   // USB3 Vision 1.0, ABRM: GenCP version
        if (error == 0) return false;
        GError.Take(ref error);
        return lost = true;
    }

    private GObject Open(string? device)
    {
        nint error = 0;
        GObject opened = Aravis.NewCamera(device, ref error);
        if (!opened.IsInvalid) return opened;
        string why = error != 0 ? GError.Take(ref error) : "no camera answers";
        if (device is not null && !IPAddress.TryParse(device, out _))
        {
            // A bare serial number is no name that aravis knows.
            AravisDevice? named = AravisDevice.List().FirstOrDefault(d => d.Serial == device);
            if (named is not null && !(opened = Aravis.NewCamera(named.Id, ref error)).IsInvalid) return opened;
            if (error != 0) why = GError.Take(ref error);
        }
        throw new CameraException(CameraCause.Unreachable, $"There is no {name}: {why}. 'edge-agent cameras' lists what can be found.");
    }

    private void SetUp(SourceOptions options, CameraSettings settings, string? trigger)
    {
        AravisOptions a = options.Aravis;
        nint error = 0;
        if (a.PixelFormat is { } format)
        {
            Aravis.SetPixelFormat(camera, format, ref error);
            Check(error, $"PixelFormat {format}");
        }
        if ((options.Width, options.Height, a.OffsetX, a.OffsetY) != default)
        {
            Aravis.SetRegion(camera, a.OffsetX, a.OffsetY, options.Width > 0 ? options.Width : -1, options.Height > 0 ? options.Height : -1, ref error);
            Check(error, $"region {a.OffsetX},{a.OffsetY} {options.Width}×{options.Height}");
        }
        Use(settings);
        if (gigE)
        {
            if (a.PacketSize > 0) Aravis.SetPacketSize(camera, a.PacketSize, ref error);
            else Aravis.NegotiatePacketSize(camera, ref error);
            Check(error, $"PacketSize {a.PacketSize}");
        }
        if (trigger is null) Aravis.ClearTriggers(camera, ref error);
        else Aravis.SetTrigger(camera, trigger, ref error);
        Check(error, $"Trigger {trigger ?? "Off"}");
        if (trigger is null && a.FrameRate is { } rate)
        {
            Aravis.SetFrameRate(camera, rate, ref error);
            Check(error, $"FrameRate {rate}");
        }
        Aravis.SetAcquisitionMode(camera, Aravis.Continuous, ref error);
        Check(error, "AcquisitionMode Continuous");
    }

    private void Use(CameraSettings settings)
    {
        nint error = 0;
        if (settings.ExposureUs is { } exposure)
        {
            if (Aravis.HasExposureAuto(camera, ref error) != 0) Aravis.SetExposureAuto(camera, Aravis.AutoOff, ref error);
            if (error == 0) Aravis.SetExposure(camera, exposure, ref error);
            Check(error, $"ExposureUs {exposure}");
        }
        if (settings.Gain is { } gain)
        {
            if (Aravis.HasGainAuto(camera, ref error) != 0) Aravis.SetGainAuto(camera, Aravis.AutoOff, ref error);
            if (error == 0) Aravis.SetGain(camera, gain, ref error);
            Check(error, $"Gain {gain}");
        }
    }

    /// <summary>Changes the settings of a camera that acquires. What was exposed before is thrown away; where each exposure is a part, its number is then missing.</summary>
    /// <param name="halt">The camera runs by itself: without a halt a picture could be on its way.</param>
    /// <exception cref="EdgeException">The camera does not take them.</exception>
    public void Change(CameraSettings settings, bool halt)
    {
        nint error = 0;
        if (halt)
        {
            Aravis.Stop(camera, ref error);
            Check(error, "end of acquisition");
        }
        Use(settings);
        while (Pop(TimeSpan.Zero) is not 0 and var old) GiveBack(old);
        if (!halt) return;
        Aravis.Start(camera, ref error);
        Check(error, "start of acquisition");
    }

    private void Acquire()
    {
        nint error = 0;
        stream = Aravis.NewStream(camera, 0, 0, ref error);
        Check(error, "stream");
        uint bytes = Aravis.PayloadBytes(camera, ref error);
        Check(error, "payload size");
        for (int i = 0; i < Buffers; i++) Aravis.Push(stream, Aravis.NewBuffer(bytes));
        Aravis.Start(camera, ref error);
        Check(error, "start of acquisition");
    }

    /// <exception cref="EdgeException">The camera did not take it.</exception>
    public void Trigger()
    {
        nint error = 0;
        Aravis.Trigger(camera, ref error);
        Check(error, "software trigger");
    }

    /// <summary>The oldest picture that waits; 0 when none comes in time. It must be given back.</summary>
    public nint Pop(TimeSpan wait) => wait > TimeSpan.Zero ? Aravis.Pop(stream!, (ulong)wait.TotalMicroseconds) : Aravis.Pop(stream!);

    public void GiveBack(nint buffer) => Aravis.Push(stream!, buffer);

    private void Check(nint error, string what)
    {
        if (error != 0) throw new EdgeException($"The {name} failed at {what}: {GError.Take(ref error)}");
    }

    public void Dispose()
    {
        nint error = 0;
        if (stream is not null && !IsLost())   // each command to a camera that is gone takes seconds to fail
        {
            Aravis.Stop(camera, ref error);
            if (error != 0) GError.Take(ref error);
        }
        stream?.Dispose();
        camera?.Dispose();
    }
}
