using System.Diagnostics;
using Edge.Agent;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Edge.Tests.Support;

/// <summary>A whole agent in this process: real folder, real model, real HTTP port; a broker when a test gives it one.</summary>
internal sealed class TestAgent : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly TestLog log = new();
    private AgentHost? host;

    public TestAgent(TestBroker? broker = null)
    {
        Directory.CreateDirectory(Models);
        Directory.CreateDirectory(Pictures);
        Options = new AgentOptions
        {
            Models = Models,
            State = folder["state"],
            Proof = { Seconds = 0 },   // ModelProofTests and every AgentProcess have it
            Http = { Port = 0 },
            Journal = { Path = folder["journal.db"] },
            Mqtt = { Enabled = broker is not null, Host = "127.0.0.1", Port = broker?.Port ?? 1883, KeepAliveSeconds = 5 },
            Stations = { ["cam1"] = new StationOptions { Model = TestModels.Name, Threads = 1, Source = { Path = Pictures } } },
        };
        if (broker is not null) StationOptions.Trigger.Mode = TriggerMode.Mqtt;
    }

    public string Models => folder["models"];
    public string Pictures => folder["pictures"];
    public AgentOptions Options { get; }
    public StationOptions StationOptions => Options.Stations["cam1"];
    public AgentHost Host => host!;
    public Station Station => Host.Stations[0];
    public IReadOnlyList<string> Log => log.Lines;
    public string this[string relative] => folder[relative];

    public void AddPicture(string name, byte brightness) => Support.Pictures.Write(Path.Combine(Pictures, name), brightness);

    public async Task StartAsync(TimeProvider? time = null)
    {
        host = AgentHost.Build(Options, configure: builder =>
        {
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton<ILoggerProvider>(log);
        }, time: time);
        await host.StartAsync(TestContext.Current.CancellationToken);
    }

    public async Task StartWithModelAsync(byte[]? graph = null)
    {
        TestModels.Publish(Models, graph ?? TinyGraph.Write());
        await StartAsync();
        await UntilAsync(() => Station.Inspector.Model is not null && Station.Camera.State is Agent.Capture.CameraState.Online or Agent.Capture.CameraState.Ended, "model and camera");
    }

    /// <summary>Stops in order and starts anew, with the same folder and options.</summary>
    public async Task RestartAsync()
    {
        await Host.StopAsync(TestContext.Current.CancellationToken);
        await Host.DisposeAsync();
        await StartAsync();
        await UntilAsync(() => Station.Inspector.Model is not null && Station.Camera.State is Agent.Capture.CameraState.Online, "model and camera");
    }

    /// <summary>For state nobody announces: looks until it is so.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > TimeSpan.FromSeconds(60)) Assert.Fail($"never: {what}; {Station.Snapshot()}\n{string.Join('\n', Log)}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (host is not null)
        {
            await host.StopAsync();
            await host.DisposeAsync();
        }
        folder.Dispose();
    }
}
