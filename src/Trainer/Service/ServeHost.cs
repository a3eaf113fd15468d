using Edge.Training.Service.Configuration;
using Edge.Training.Service.Delivery;
using Edge.Training.Service.Messaging;
using Edge.Training.Service.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Systemd;
using Prometheus;

namespace Edge.Training.Service;

/// <summary>The training service as one object: built from options, started, read, stopped. <c>serve</c> and the tests use it.</summary>
internal sealed class ServeHost : IAsyncDisposable
{
    /// <summary>A training that is told to stop finishes its step and tidies up.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(80);

    private readonly WebApplication app;

    private ServeHost(WebApplication app) => this.app = app;

    public RunBook Runs => app.Services.GetRequiredService<RunBook>();

    public AutomaticRuns Automatic => app.Services.GetRequiredService<AutomaticRuns>();

    /// <summary>Base address of /metrics and /healthz; valid once started.</summary>
    public Uri Address => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Where packages are fetched; valid once started. Null when they are not delivered.</summary>
    public Uri? DeliveryAddress => app.Services.GetService<DeliveryServer>()?.Address;

    /// <param name="options">Checked here.</param>
    /// <param name="logging">Section <c>Logging</c>, or null.</param>
    /// <param name="configure">Last word on logging and services.</param>
    /// <exception cref="EdgeException">The options are not valid, or the state can't be read.</exception>
    public static ServeHost Build(ServeOptions options, IConfiguration? logging = null, Action<WebApplicationBuilder>? configure = null, TimeProvider? time = null)
    {
        ServeConfiguration.Validate(options);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "edge-trainer" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Parse(options.Http.Address), options.Http.Port));
        builder.Services.AddRoutingCore();
        builder.UseOurLogging(logging);
        builder.Services.AddSingleton(options).AddSingleton(options.Process).AddSingleton(time ?? TimeProvider.System).AddSingleton<ISystemdNotifier, SystemdNotifier>();
        builder.Services.AddSingleton(services => new RunBook(options.State, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<RunBook>>()));
        builder.Services.AddSingleton(services => new TrainingProcess(options.Process, services.GetRequiredService<ILogger<TrainingProcess>>()));
        builder.Services.AddSingleton<ServeMetrics>().AddSingleton<ServeHealth>().AddSingleton<RunLoop>().AddSingleton<DriftWatch>().AddSingleton<AutomaticRuns>();
        builder.Services.AddSingleton(services => new SignsOfLife(() => services.GetRequiredService<AutomaticRuns>().Beats, services.GetRequiredService<ServeHealth>().Summary));
        if (options.Delivery.Enabled)
        {
            builder.Services.AddSingleton<Offers>().AddHostedService(services => services.GetRequiredService<Offers>());
            builder.Services.AddSingleton(services => new DeliveryServer(options.Delivery, services.GetRequiredService<Offers>(), services.GetRequiredService<ServeMetrics>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>()));
            builder.Services.AddHostedService(services => services.GetRequiredService<DeliveryServer>());
        }
        if (options.Mqtt.Enabled) builder.Services.AddSingleton<TrainerLink>().AddHostedService(services => services.GetRequiredService<TrainerLink>());
        builder.Services.AddHostedService(services => services.GetRequiredService<RunLoop>());
        builder.Services.AddHostedService(services => services.GetRequiredService<AutomaticRuns>());
        builder.Services.AddHostedService<SystemdNotify>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        configure?.Invoke(builder);
        WebApplication app = builder.Build();
        _ = app.Services.GetService<DeliveryServer>();   // says what is wrong with its files
        ServeMetrics metrics = app.Services.GetRequiredService<ServeMetrics>();
        metrics.Watch(options, app.Services.GetRequiredService<RunBook>(), app.Services.GetService<TrainerLink>());
        app.MapMetrics(endpoint => endpoint.Registry = metrics.Registry);
        app.MapGet("/healthz", (RequestDelegate)app.Services.GetRequiredService<ServeHealth>().WriteAsync);
        return new ServeHost(app);
    }

    /// <exception cref="EdgeException">The port is in use, or the address is not ours.</exception>
    public async Task StartAsync(CancellationToken cancel = default)
    {
        try
        {
            await app.StartAsync(cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException { InnerException: AddressInUseException } or System.Net.Sockets.SocketException)
        {
            await app.StopAsync(cancel).ConfigureAwait(false);
            throw new EdgeException($"/metrics and /healthz can't listen: {e.Message} Check Trainer:Http:Address and Trainer:Http:Port.", e);
        }
    }

    /// <summary>Until the process is told to stop, or a loop fails.</summary>
    /// <exception cref="EdgeException">A loop failed; systemd starts the trainer again.</exception>
    public async Task WaitAsync(CancellationToken cancel = default)
    {
        await app.WaitForShutdownAsync(cancel).ConfigureAwait(false);
        if (app.Services.GetServices<IHostedService>().OfType<BackgroundService>().Select(s => s.ExecuteTask?.Exception).FirstOrDefault(e => e is not null) is { } failure)
            throw new EdgeException($"The trainer stopped itself: {failure.GetBaseException().Message}", failure);
    }

    public Task StopAsync(CancellationToken cancel = default) => app.StopAsync(cancel);

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
