using System.CommandLine;
using Edge.Packages;

namespace Edge.Training.Cli;

internal static class KeysCommand
{
    public static Command Create()
    {
        Argument<string> file = new("FILE") { Description = "The private key's file; the public key becomes FILE.pub." };
        Command make = new("new", "Makes a key pair (ECDSA P-256): FILE for whoever publishes, readable by its owner only, FILE.pub for the agents.") { file };
        make.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            SigningKey key = SigningKey.Create(path);
            new Terminal(json: false).Line($"key {key.Id}: {path} signs ({SigningKey.Variable}), {path}.pub goes to the agents (Edge:TrustedKeys)");
            return 0;
        });
        return new Command("keys", $"""
            Keys for signed packages. With {SigningKey.Variable} set to a private key's file, every command that publishes a package signs it;
            an agent with Edge:TrustedKeys takes no others.

            Examples:
              edge-trainer keys new flange.key
              {SigningKey.Variable}=flange.key edge-trainer train --method patchcore --data parts --name flange --models models
              edge-agent models verify flange --models models --trusted-keys flange.key.pub
            """)
        { make };
    }
}
