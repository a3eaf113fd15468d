using System.CommandLine;
using Edge.Agent.Configuration;
using Edge.Agent.Delivery;
using Edge.Packages;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Edge.Agent.Cli;

/// <summary><c>edge-agent models pull</c>: what a running agent does by itself, by hand.</summary>
internal static class PullCommand
{
    public static Command Create()
    {
        Argument<string> name = new("NAME") { Description = "Of the model." };
        Option<int?> version = new("--version") { HelpName = "N", Description = "Default: the newest that the trainer has." };
        Option<FileInfo?> config = new("--config") { HelpName = "FILE", Description = "The agent's configuration: its Edge:Delivery, Edge:Models and Edge:TrustedKeys are used. Without it: appsettings.json here, then /etc/edge/appsettings.json." };
        Command command = new("pull", """
            Fetches a version from the trainer that Edge:Delivery names, as a running agent does: signature first, each file's hash, then it lies in the models folder. Nothing is activated. What is cut off goes on
            with the next pull. Good to see whether address, certificate and token are right.

            Examples:
              edge-agent models pull flange
              edge-agent models pull flange --version 7 --config /etc/edge/appsettings.json
            """)
        { name, version, config };
        command.SetAction((parsed, cancel) => PullAsync(parsed.GetRequiredValue(name), parsed.GetValue(version), parsed.GetValue(config), parsed.InvocationConfiguration.Output, cancel));
        return command;
    }

    private static async Task<int> PullAsync(string model, int? version, FileInfo? file, TextWriter output, CancellationToken cancel)
    {
        PackageFiles.CheckName(model);
        AgentOptions agent = AgentConfiguration.Bind(AgentConfiguration.Open(file));
        if (agent.Delivery.Url is null) throw new EdgeException("Edge:Delivery:Url is not set: there is no trainer to fetch from.");
        PackageStore store = new(agent.Models) { TrustedKeysFile = agent.TrustedKeys };
        PackageFetch fetch = new(agent.Delivery, store, new FetchCounts(), TimeProvider.System, NullLogger.Instance);
        using PackageServer server = new(agent.Delivery);
        ModelOffer offer = await server.AskAsync(model, cancel).ConfigureAwait(false) ?? throw new EdgeException($"{server.Name} has no model '{model}'.");
        OfferedVersion wanted = version is null || version == offer.Newest.Version ? offer.Newest : version == offer.Current?.Version ? offer.Current : await server.AskAsync(model, version.Value, agent.Delivery.MaxMegabytes, cancel).ConfigureAwait(false);
        bool here = Directory.Exists(store.FolderOf(model, wanted.Version));
        Package package = await ShowAsync(output, $"{model} {wanted.Version}", progress => fetch.FetchAsync(server, model, wanted, progress, cancel)).ConfigureAwait(false);
        output.WriteLine($"{model} version {wanted.Version} {(here ? "is here already" : "is here")}: {package.Folder}{(package.SignedBy is { } key ? $", signed with trusted key {key}" : "")}. To run it: edge-agent models activate {model} {wanted.Version} --models {agent.Models}");
        return 0;
    }

    private static async Task<Package> ShowAsync(TextWriter output, string what, Func<IProgress<FetchProgress>?, Task<Package>> work)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (!console.Profile.Capabilities.Interactive) return await work(null).ConfigureAwait(false);
        return await console.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(shown =>
            {
                ProgressTask task = shown.AddTask(Markup.Escape(what));
                return work(new Bar(task));
            }).ConfigureAwait(false);
    }

    private sealed class Bar(ProgressTask task) : IProgress<FetchProgress>
    {
        public void Report(FetchProgress value) => (task.MaxValue, task.Value) = (value.Total, value.Bytes);
    }
}
