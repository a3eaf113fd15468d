using System.CommandLine;

namespace Edge.Training.Cli;

internal static class SamplesCommand
{
    public static Command Create() => new("samples");
}
