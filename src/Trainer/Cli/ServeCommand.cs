using System.CommandLine;
using Edge.Training.Service;
using Edge.Training.Service.Configuration;

namespace Edge.Training.Cli;

internal static class ServeCommand
{
    public static Command Create()
    {
        Option<FileInfo?> config = new("--config") { Description = "Configuration file. Without it: trainer.json here, then /etc/edge/trainer.json. Environment variables TRAINER__… override it.", HelpName = "FILE" };
        Command command = new("serve", """
            Trains again as a service: by schedule, by command over MQTT, or when people have reviewed enough new parts. A candidate is published only when it passes every gate of the configuration. One run at a time, each in a process of its own of low
            priority; a run that is cut off goes on with the next start. Options: docs/trainer-configuration.md.

            Examples:
              edge-trainer serve --config /etc/edge/trainer.json
              TRAINER__Mqtt__Host=broker edge-trainer serve
            """)
        { config };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(config), cancel));
        return command;
    }

    private static async Task<int> RunAsync(FileInfo? file, CancellationToken cancel)
    {
        IConfigurationRoot configuration = ServeConfiguration.Open(file);
        await using ServeHost host = ServeHost.Build(ServeConfiguration.Bind(configuration), configuration.GetSection("Logging"));
        await host.StartAsync(cancel).ConfigureAwait(false);
        await host.WaitAsync(cancel).ConfigureAwait(false);
        return 0;
    }
}
