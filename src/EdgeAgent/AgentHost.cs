using Edge.Agent.Archive;
using Edge.Agent.Configuration;
using Edge.Agent.Delivery;
using Edge.Agent.Diagnostics;
using Edge.Agent.Inspection;
using Edge.Agent.Journal;
using Edge.Agent.Models;
using Edge.Agent.Reviews;
using Edge.Agent.Sparkplug;
using Edge.Agent.Web;
using Edge.Packages;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting.Systemd;
using Prometheus;

namespace Edge.Agent;

/// <summary>The agent as one object: built from options, started, read, stopped. <c>run</c>, <c>demo</c> and the tests all use it.</summary>
internal sealed partial class AgentHost : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ILogger log;
    private Exception? failure;

    private AgentHost(WebApplication app, AgentOptions options, TimeProvider time)
    {
        (this.app, log) = (app, app.Services.GetRequiredService<ILogger<AgentHost>>());
        AgentMetrics metrics = app.Services.GetRequiredService<AgentMetrics>();
        ILoggerFactory logs = app.Services.GetRequiredService<ILoggerFactory>();
        Journal = options.Journal.Enabled ? new JournalWriter(options.Journal, options.Line, time, logs.CreateLogger("journal"),
            forwarded: options.Records.Enabled && options.Mqtt.Enabled ? options.Stations.Keys : null) : null;
        Archive = options.Archive.Enabled ? new ArchiveWriter(options.Archive, Journal, time, logs.CreateLogger("archive")) : null;
        Reviews = new ReviewBook(options.Reviews, options.Journal.Path, options.Archive.Path, time);
        ModelProof proof = Proof = new ModelProof(options.Proof);
        CanaryVotes votes = new(new StateFile(options.State, "canary.passed"), logs.CreateLogger("canary"));
        Stations = [.. options.Stations.Keys.Order(StringComparer.Ordinal).Select(name => new Station(name, options, proof, votes, metrics, Journal, Archive, time, logs, Fail))];
        Sparkplug = options.Sparkplug.Enabled ? new SparkplugNode(options, Stations, Journal!, time, logs.CreateLogger("sparkplug"), Fail) : null;
        metrics.Watch(Stations, Journal, Archive, Sparkplug, Reviews);
        DeliveryMetrics deliveryMetrics = new(metrics);
        if (options.Delivery.Url is null) return;
        ILogger deliveryLog = logs.CreateLogger("delivery");
        PackageStore store = new(options.Models) { TrustedKeysFile = options.TrustedKeys };
        FetchCounts counts = new();
        VersionDelivery versions = new(options, Stations, store, proof, new PackageFetch(options.Delivery, store, counts, time, deliveryLog), Journal, deliveryMetrics, time, deliveryLog);
        Delivery = new DeliveryService(options, Stations, versions, deliveryMetrics, counts, time, deliveryLog);
    }

    /// <summary>Null when it is not enabled.</summary>
    public JournalWriter? Journal { get; }

    /// <summary>Null when it is not enabled.</summary>
    public ArchiveWriter? Archive { get; }

    public ReviewBook Reviews { get; }

    public IReadOnlyList<Station> Stations { get; }

    /// <summary>What has proved itself in this process's life.</summary>
    public ModelProof Proof { get; }

    /// <summary>Null when it is not enabled.</summary>
    public SparkplugNode? Sparkplug { get; }

    /// <summary>Null when nothing is fetched.</summary>
    public DeliveryService? Delivery { get; }

    /// <summary>Base address of the page, /metrics and /healthz; valid once started.</summary>
    public Uri Address => new(app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Cancelled when the agent is about to stop, whoever asked for it.</summary>
    public CancellationToken Stopping => app.Lifetime.ApplicationStopping;

    /// <param name="options">Checked here.</param>
    /// <param name="logging">Section <c>Logging</c>, or null.</param>
    /// <param name="configure">Last word on logging and services.</param>
    /// <exception cref="EdgeException">The options are not valid.</exception>
    public static AgentHost Build(AgentOptions options, IConfiguration? logging = null, Action<WebApplicationBuilder>? configure = null, TimeProvider? time = null)
    {
        AgentConfiguration.Validate(options);
        time ??= TimeProvider.System;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "edge-agent" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Parse(options.Http.Address), options.Http.Port));
        builder.Services.AddRoutingCore();
        builder.UseOurLogging(logging);
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton<AgentMetrics>();
        builder.Services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(20));
        AgentHost? host = null;
        builder.Services.AddSingleton(_ => new Health(host!.Stations));
        builder.Services.AddHostedService(_ => new StationService(host!.Stations, host.Journal, host.Archive, host.Fail));
        builder.Services.AddHostedService(services => new MachineMetrics(options, services.GetRequiredService<AgentMetrics>(), time));
        if (options.SelfTest.EveryHours > 0) builder.Services.AddHostedService(_ => new SelfTestSchedule(host!.Stations, TimeSpan.FromHours(options.SelfTest.EveryHours), time));
        if (options.Delivery.Url is not null) builder.Services.AddHostedService(_ => host!.Delivery!);
        if (options.Sparkplug.Enabled) builder.Services.AddHostedService(_ => host!.Sparkplug!);
        builder.Services.AddSingleton(services => new SignsOfLife(services.GetRequiredService<Health>().Beats, services.GetRequiredService<Health>().Summary));
        builder.Services.AddHostedService<SystemdNotify>();
        configure?.Invoke(builder);
        WebApplication app = builder.Build();
        host = new AgentHost(app, options, time);
        app.MapMetrics(endpoint => endpoint.Registry = app.Services.GetRequiredService<AgentMetrics>().Registry);
        app.MapGet("/healthz", (RequestDelegate)app.Services.GetRequiredService<Health>().WriteAsync);
        if (options.Http.Page) OperatorPage.Map(app, host, options, time);
        return host;
    }

    /// <exception cref="EdgeException">The port is in use, or the address is not ours.</exception>
    public async Task StartAsync(CancellationToken cancel = default)
    {
        try
        {
            await app.StartAsync(cancel).ConfigureAwait(false);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await app.StopAsync(cancel).ConfigureAwait(false);   // the stations had started
            throw new EdgeException($"The port for the page, /metrics and /healthz is in use: {e.Message} Set another with Edge:Http:Port, or stop the program that has it.", e);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            await app.StopAsync(cancel).ConfigureAwait(false);
            throw new EdgeException($"The page, /metrics and /healthz can't listen: {e.Message}. Check Edge:Http:Address and Edge:Http:Port.", e);
        }
    }

    /// <summary>Until the process is told to stop, or a loop fails.</summary>
    /// <exception cref="EdgeException">A loop failed; systemd starts the agent again.</exception>
    public async Task WaitAsync(CancellationToken cancel = default)
    {
        await app.WaitForShutdownAsync(cancel).ConfigureAwait(false);
        if (failure is { } e) throw new EdgeException($"The agent stopped itself: {e.Message}", e);
    }

    public Task StopAsync(CancellationToken cancel = default) => app.StopAsync(cancel);

    private void Fail(string loop, Exception e)
    {
        LogFailed(loop, e);
        Interlocked.CompareExchange(ref failure, e, null);
        app.Lifetime.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "loop '{Loop}' failed unexpectedly; the agent stops")]
    private partial void LogFailed(string loop, Exception e);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync().ConfigureAwait(false);
        Reviews.Dispose();
        foreach (Station station in Stations) await station.DisposeAsync().ConfigureAwait(false);
    }
}
