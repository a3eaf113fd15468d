using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Agent.Capture;
using Edge.Agent.Capture.GenICam;
using Edge.Agent.Configuration;
using Edge.Imaging;

namespace Edge.Agent.Cli;

/// <summary><c>edge-agent cameras</c>: what can be found, and one test frame.</summary>
internal static class CamerasCommand
{
    public static Command Create()
    {
        Argument<string?> camera = new("camera") { Arity = ArgumentArity.ZeroOrOne, Description = "For --grab: an id, serial number or IP address of the list, /dev/videoN, rtsp://…, http://…, or a station of the configuration." };
        Option<string?> grab = new("--grab") { HelpName = "FILE.png", Description = "Grabs one frame, by software trigger where the camera has one, and writes it." };
        Option<FileInfo?> config = new("--config") { HelpName = "FILE", Description = "Configuration whose stations are listed too." };
        Option<string?> credentials = new("--credentials") { HelpName = "FILE", Description = "For rtsp:// and http://: file with one line, user:password." };
        Option<int> timeout = new("--timeout") { HelpName = "MS", Description = "Longest wait for the frame.", DefaultValueFactory = _ => 10_000 };
        Option<bool> json = new("--json") { Description = "One JSON document." };
        Command command = new("cameras", """
            Lists cameras: GigE Vision and USB3 Vision (by asking every network and USB port), /dev/video*, and the stations of a configuration.
            A camera that a running agent holds is listed and can't be grabbed from.

            Examples:
              edge-agent cameras
              edge-agent cameras --config /etc/edge/appsettings.json --json
              edge-agent cameras 192.168.10.20 --grab test.png
              edge-agent cameras rtsp://192.168.10.30/stream1 --credentials /etc/edge/camera-login --grab test.png
              edge-agent cameras station1 --config /etc/edge/appsettings.json --grab test.png
            """)
        { camera, grab, config, credentials, timeout, json };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            AgentOptions? agent = parsed.GetValue(config) is { } file ? AgentConfiguration.Bind(AgentConfiguration.Open(file)) : null;
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(grab) is { } target)
            {
                SourceOptions source = Choose(parsed.GetValue(camera), agent, parsed.GetValue(credentials));
                source.TimeoutMs = Math.Max(100, parsed.GetValue(timeout));
                Print(Grab(source, target, cancel), parsed.GetValue(json), output);
            }
            else if (parsed.GetValue(camera) is not null) throw new EdgeException("A camera is named, but not what to do with it: add --grab FILE.png.");
            else Print(List(agent), parsed.GetValue(json), output);
            return 0;
        }, cancel));
        return command;
    }

    private static CameraList List(AgentOptions? agent)
    {
        List<FoundCamera> found = [];
        string? trouble = null;
        try
        {
            foreach (AravisDevice d in AravisDevice.List()) found.Add(new FoundCamera(d.Protocol, d.Id, $"{d.Vendor} {d.Model}", d.Serial, d.Address));
        }
        catch (DllNotFoundException)
        {
            trouble = "GigE Vision and USB3 Vision were not looked for: apt-get install libaravis-0.8-0";
        }
        foreach (string device in Directory.EnumerateFiles("/dev", "video*").Order(StringComparer.Ordinal))
        {
            string name = $"/sys/class/video4linux/{Path.GetFileName(device)}/name";
            found.Add(new FoundCamera("V4L2", device, File.Exists(name) ? File.ReadAllText(name).Trim() : null, null, null));
        }
        foreach ((string name, StationOptions station) in agent?.Stations ?? [])
        {
            SourceOptions s = station.Source;
            string? where = s.Kind switch { SourceKind.Aravis => s.Aravis.Device, SourceKind.Camera => $"/dev/video{s.Index}", SourceKind.Rtsp or SourceKind.Http => s.Url, _ => s.Path };
            found.Add(new FoundCamera($"station ({s.Kind})", name, null, null, where));
        }
        return new CameraList(found, trouble);
    }

    private static SourceOptions Choose(string? camera, AgentOptions? agent, string? credentials)
    {
        if (camera is not null && agent?.Stations.TryGetValue(camera, out StationOptions? station) == true) return station.Source;
        if (camera?.StartsWith("/dev/video", StringComparison.Ordinal) == true)
            return int.TryParse(camera["/dev/video".Length..], out int index) ? new SourceOptions { Kind = SourceKind.Camera, Index = index } : throw new EdgeException($"{camera} is no camera; they are called /dev/video0, /dev/video1 ….");
        if (camera?.Contains("://", StringComparison.Ordinal) != true) return new SourceOptions { Kind = SourceKind.Aravis, Aravis = { Device = camera } };
        SourceOptions network = new() { Kind = camera.StartsWith("rtsp", StringComparison.OrdinalIgnoreCase) ? SourceKind.Rtsp : SourceKind.Http, Url = camera, CredentialsFile = credentials };
        AgentConfiguration.Validate(network);
        return network;
    }

    private static GrabbedFrame Grab(SourceOptions options, string file, CancellationToken cancel)
    {
        if (!Path.GetExtension(file).Equals(".png", StringComparison.OrdinalIgnoreCase)) throw new EdgeException($"--grab writes PNG; {file} must end in .png.");
        using IFrameSource source = FrameSources.Create(options, TriggerMode.Mqtt, TimeProvider.System);
        source.Open();
        Frame frame = new();
        long start = TimeProvider.System.GetTimestamp();
        source.NewPart();
        Grab got;
        while ((got = source.Grab(frame, TimeSpan.FromMilliseconds(100))) == Capture.Grab.Nothing)
        {
            cancel.ThrowIfCancellationRequested();
            if (TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromMilliseconds(options.TimeoutMs)) throw new EdgeException($"No frame came within {options.TimeoutMs} ms.{(options.Kind == SourceKind.Aravis && options.Aravis.Trigger is { } t ? $" The camera waits for its trigger {t}." : "")}");
        }
        double ms = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
        if (got != Capture.Grab.Frame) throw new EdgeException(got == Capture.Grab.Ended ? "There is no frame." : "A frame came and is damaged: packets are missing, or it is no picture.");
        ImageBuffer image = frame.Image;
        ImageFile.WritePng(file, image.Pixels, image.Width, image.Height, image.Format);
        return new GrabbedFrame(file, image.Width, image.Height, image.Format, Math.Round(ms, 1), frame.CapturedAt);
    }

    private static void Print(CameraList list, bool json, TextWriter output)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(list, CamerasJson.Default.CameraList));
            return;
        }
        foreach (FoundCamera c in list.Cameras)
            output.WriteLine(string.Join("  ", new[] { c.Kind.PadRight(12), c.Name, c.Description, c.Serial is null ? null : $"serial {c.Serial}", c.Address }.Where(s => !string.IsNullOrEmpty(s))));
        if (list.Cameras.Count == 0) output.WriteLine("no camera found");
        if (list.Trouble is not null) output.WriteLine(list.Trouble);
    }

    private static void Print(GrabbedFrame frame, bool json, TextWriter output) => output.WriteLine(json
        ? JsonSerializer.Serialize(frame, CamerasJson.Default.GrabbedFrame)
        : $"{frame.File}: {frame.Width}×{frame.Height} {frame.Format}, {frame.Milliseconds} ms after it was asked for");
}

/// <param name="Name">What <c>--grab</c> and the option <c>Source:Aravis:Device</c> take.</param>
internal sealed record FoundCamera(string Kind, string Name, string? Description, string? Serial, string? Address);

/// <param name="Trouble">What could not be looked for, and why.</param>
internal sealed record CameraList(IReadOnlyList<FoundCamera> Cameras, string? Trouble);

internal sealed record GrabbedFrame(string File, int Width, int Height, PixelFormat Format, double Milliseconds, DateTimeOffset? CapturedAt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(CameraList))]
[JsonSerializable(typeof(GrabbedFrame))]
internal sealed partial class CamerasJson : JsonSerializerContext;
