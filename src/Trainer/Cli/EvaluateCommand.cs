using System.CommandLine;

namespace Edge.Training.Cli;

internal static class EvaluateCommand
{
    public static Command Create() => new("evaluate");
}
