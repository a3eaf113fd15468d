using System.CommandLine;
using Edge.Agent.Configuration;

namespace Edge.Agent.Cli;

internal static class RunCommand
{
    public static Command Create()
    {
        Option<FileInfo?> config = new("--config") { Description = "Configuration file. Without it: appsettings.json here, then /etc/edge/appsettings.json. Environment variables EDGE__… override it.", HelpName = "FILE" };
        Command command = new("run", "Runs the stations until told to stop.") { config };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(config), cancel));
        return command;
    }

    private static async Task<int> RunAsync(FileInfo? file, CancellationToken cancel)
    {
        IConfigurationRoot configuration = AgentConfiguration.Open(file);
        await using AgentHost host = AgentHost.Build(AgentConfiguration.Bind(configuration), configuration.GetSection("Logging"));
        await host.StartAsync(cancel).ConfigureAwait(false);
        await host.WaitAsync(cancel).ConfigureAwait(false);
        return 0;
    }
}
