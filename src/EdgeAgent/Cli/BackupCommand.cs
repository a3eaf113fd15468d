using System.CommandLine;
using System.Net.Sockets;
using Edge.Agent.Backup;
using Edge.Agent.Configuration;

namespace Edge.Agent.Cli;

internal static class BackupCommand
{
    private static readonly Option<FileInfo?> Config = new("--config") { Description = "Configuration file, as for run; its relative paths start here.", HelpName = "FILE" };
    private static readonly Argument<FileInfo> BackupFile = new("FILE") { Description = "A .tar.gz." };

    public static Command CreateBackup()
    {
        Option<bool> pictures = new("--pictures") { Description = "With the archive's pictures." };
        Command command = new("backup", """
            Copies models, journal, the stations' state and the configuration into one .tar.gz, while the agent runs. Entries that historians have not had yet
            are in the journal. Secrets and certificates that the configuration names are not copied.

            Examples:
              cd /var/lib/edge && edge-agent backup /mnt/backup/line1-$(date +%F).tar.gz
              edge-agent backup --config line.json --pictures line1.tar.gz
            """)
        { BackupFile, Config, pictures };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            (string path, IConfigurationRoot configuration) = AgentConfiguration.OpenNamed(parsed.GetValue(Config));
            FileInfo file = parsed.GetRequiredValue(BackupFile);
            new BackupWriter(AgentConfiguration.Bind(configuration), path, TimeProvider.System, parsed.InvocationConfiguration.Output).Write(file.FullName, parsed.GetValue(pictures), cancel);
            parsed.InvocationConfiguration.Output.WriteLine($"{file.FullName}: {new FileInfo(file.FullName).Length / 1e6:0.0} MB");
            return 0;
        }, cancel));
        return command;
    }

    public static Command CreateRestore()
    {
        Option<bool> replace = new("--replace") { Description = "Renames what is there (….replaced-<time>) instead of refusing." };
        Command command = new("restore", """
            Puts a backup back where the configuration says: every package (with TrustedKeys also the signature of what is to run) and the journal's whole chain are verified first, and a backup that fails changes nothing.
            The agent must be stopped. The configuration itself is not put back: tar -xzOf FILE appsettings.json shows it.

            Examples:
              systemctl stop edge-agent && cd /var/lib/edge && edge-agent restore /mnt/backup/line1-2026-11-24.tar.gz
              edge-agent restore --replace --config line.json line1.tar.gz
            """)
        { BackupFile, Config, replace };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            AgentOptions options = AgentConfiguration.Bind(AgentConfiguration.Open(parsed.GetValue(Config)));
            if (Runs(options.Http)) throw new EdgeException($"An agent answers at {options.Http.Address}:{options.Http.Port}: stop it first (systemctl stop edge-agent).");
            new BackupReader(options, TimeProvider.System, parsed.InvocationConfiguration.Output).Restore(parsed.GetRequiredValue(BackupFile).FullName, parsed.GetValue(replace), cancel);
            return 0;
        }, cancel));
        return command;
    }

    private static bool Runs(HttpOptions http)
    {
        if (http.Port == 0) return false;
        try
        {
            using TcpClient client = new(http.Address is "0.0.0.0" ? "127.0.0.1" : http.Address, http.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
