using System.CommandLine;

namespace Edge.Training.Cli;

internal static class TrainCommand
{
    public static Command Create() => new("train");
}
