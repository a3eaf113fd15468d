using System.CommandLine;
using Edge;
using Edge.Agent.Cli;

RootCommand root = new("Inspects parts on a production line: cameras in, one verdict a part out over MQTT.")
{
    RunCommand.Create(),
    CamerasCommand.Create(),
    JournalCommand.Create(),
    InspectCommand.Create(),
    BackupCommand.CreateBackup(),
    BackupCommand.CreateRestore(),
    ModelsCommand.Create(),
    ReviewsCommand.Create(),
    DemoCommand.Create(),
};
return await CommandLine.RunAsync(root, args).ConfigureAwait(false);
