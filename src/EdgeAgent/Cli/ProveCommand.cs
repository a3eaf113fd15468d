using System.CommandLine;
using Edge.Agent.Models;
using Edge.Packages;
using Edge.Scoring;

namespace Edge.Agent.Cli;

/// <summary><c>edge-agent models prove</c>: the process that <see cref="ModelProof"/> starts.</summary>
internal static class ProveCommand
{
    public static Command Create()
    {
        Argument<string> folder = new("DIR") { Description = "A version's folder." };
        Option<int> threads = new("--threads") { HelpName = "N", Description = "0 = all cores." };
        Option<int> seconds = new("--seconds") { HelpName = "N", DefaultValueFactory = _ => 60, Description = "It ends itself after so long, with exit code 124." };
        Option<int> memory = new("--memory-mb") { HelpName = "MIB", DefaultValueFactory = _ => 2048, Description = "Writable memory it allows itself (Linux)." };
        Command command = new("prove", "What the agent has a process of its own do with a new graph before it loads it: load, warm up, golden images, within limits.") { folder, threads, seconds, memory };
        command.SetAction(parsed =>
        {
            using ProofLimits limits = new(TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(memory) * 1024L * 1024);
            Package package = Package.Open(parsed.GetRequiredValue(folder));
            using AnomalyDetector detector = AnomalyDetector.Load(package, new DetectorOptions { Threads = parsed.GetValue(threads) });
            detector.Prove(package);
            return 0;
        });
        return command;
    }
}
