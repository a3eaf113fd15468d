using System.CommandLine;
using Edge.Agent.Capture;
using Edge.Agent.Configuration;
using Edge.Agent.Demo;
using Edge.Agent.Inspection;
using Edge.Packages;
using Spectre.Console;

namespace Edge.Agent.Cli;

/// <summary><c>edge-agent demo</c>: the production service with a rendered camera, its own broker and a PLC that triggers it.</summary>
internal static class DemoCommand
{
    private const string Line = "demo", StationName = "station1";

    public static Command Create()
    {
        Option<string> models = new("--models") { Description = "Models folder.", DefaultValueFactory = _ => "out/models" };
        Option<string> model = new("--model") { Description = "Name of the model.", DefaultValueFactory = _ => "flange" };
        Option<int> parts = new("--parts") { Description = "Stop after this many verdicts; 0 = run until Ctrl-C." };
        Option<int> interval = new("--interval") { Description = "Milliseconds between parts.", DefaultValueFactory = _ => 500 };
        Option<int> mqttPort = new("--mqtt-port") { Description = "Port of the demo's broker; 0 = any free one.", DefaultValueFactory = _ => 1883 };
        Option<int> httpPort = new("--http-port") { Description = "Port of /metrics and /healthz; 0 = any free one.", DefaultValueFactory = _ => new HttpOptions().Port };
        Option<DirectoryInfo?> heatmaps = new("--heatmaps") { Description = "Folder for the heatmaps of rejected parts; made when missing." };
        Command command = new("demo", """
            Shows a whole line in one process: a camera that renders machined parts, the inspection service, an MQTT broker
            and a PLC that triggers parts and hears their verdicts. Needs a trained model: ./demo.sh makes one.

            Examples:
              edge-agent demo
              edge-agent demo --models models --model flange --parts 100 --heatmaps overlays
            """)
        { models, model, parts, interval, mqttPort, httpPort, heatmaps };
        command.SetAction((parsed, cancel) => RunAsync(
            new AgentOptions
            {
                Line = Line,
                Models = parsed.GetRequiredValue(models),
                Http = { Port = parsed.GetValue(httpPort) },
                Journal = { Enabled = false },
                Stations =
                {
                    [StationName] = new StationOptions
                    {
                        Source = { Kind = SourceKind.Synthetic, Width = 1280, Height = 1024, DefectRate = 0.25, Seed = 1_000_003 },   // parts that were not trained on
                        Trigger = { Mode = TriggerMode.Mqtt },
                        Model = parsed.GetRequiredValue(model),
                        QueueCapacity = 16,
                    },
                },
            },
            parsed.GetValue(mqttPort), parsed.GetValue(parts), parsed.GetValue(interval), parsed.GetValue(heatmaps)?.FullName, cancel));
        return command;
    }

    private static async Task<int> RunAsync(AgentOptions options, int mqttPort, int parts, int intervalMs, string? heatmaps, CancellationToken cancel)
    {
        if (parts < 0 || intervalMs < 1) throw new EdgeException("--parts must be 0 or more, --interval 1 or more.");
        _ = new PackageStore(options.Models).OpenCurrent(options.Stations[StationName].Model!);   // says what to do when there is none
        if (heatmaps is not null) Directory.CreateDirectory(heatmaps);
        await using EmbeddedBroker broker = await EmbeddedBroker.StartAsync(mqttPort).ConfigureAwait(false);
        options.Mqtt.Host = "127.0.0.1";
        options.Mqtt.Port = broker.Port;
        bool interactive = !Console.IsOutputRedirected;
        // On a terminal the table shows what the log would say.
        await using AgentHost host = AgentHost.Build(options, configure: builder => builder.Logging.SetMinimumLevel(interactive ? LogLevel.Critical : LogLevel.Warning));
        await host.StartAsync(cancel).ConfigureAwait(false);

        DemoScreen screen = new(AnsiConsole.Console, interactive, $"""
            metrics {host.Address}metrics   health {host.Address}healthz
            verdicts: mosquitto_sub -h 127.0.0.1 -p {broker.Port} -t 'edge/#' -v{(heatmaps is null ? "" : $"   heatmaps {heatmaps}")}   Ctrl-C ends
            """);
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(cancel, host.Stopping);
        int heard = 0;
        await using DemoPlc plc = await DemoPlc.ConnectAsync(broker.Port, $"edge/{Line}/{StationName}/", heatmaps, verdict =>
        {
            screen.Heard(verdict);
            if (Interlocked.Increment(ref heard) == parts) done.Cancel();
        }, cancel).ConfigureAwait(false);
        Station station = host.Stations[0];
        Task showing = screen.ShowAsync(station.Snapshot, () => plc.Sent, done.Token);
        await TriggerAsync(plc, station, parts, intervalMs, done.Token).ConfigureAwait(false);
        await showing.ConfigureAwait(false);
        await host.StopAsync(CancellationToken.None).ConfigureAwait(false);
        Console.WriteLine(screen.Summary(station.Snapshot(), plc.Sent));
        await host.WaitAsync(CancellationToken.None).ConfigureAwait(false);   // throws when a loop failed
        return 0;
    }

    private static async Task TriggerAsync(DemoPlc plc, Station station, int parts, int intervalMs, CancellationToken cancel)
    {
        using PeriodicTimer tick = new(TimeSpan.FromMilliseconds(intervalMs));
        try
        {
            while (await tick.WaitForNextTickAsync(cancel).ConfigureAwait(false))
            {
                // A PLC starts the belt when the station says it is ready.
                if (station.Inspector.Model is null || station.Camera.State != CameraState.Online || !station.Snapshot().BrokerConnected) continue;
                if (parts == 0 || plc.Sent < parts) await plc.TriggerAsync(cancel).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) { }
    }
}
