using System.CommandLine;

namespace Edge;

/// <summary>Runs a command line the same way in both programs: Ctrl-C cancels, a user's mistake is one clear line on stderr.</summary>
public static class CommandLine
{
    public const int Failed = 1, Usage = 2, Cancelled = 130;

    // After SIGTERM or Ctrl-C a command may tidy up for so long: the agent sends its last verdicts, the trainer removes what is half-written.
    private static readonly InvocationConfiguration Settings = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(30) };

    /// <returns>0 done, 1 failed with a message, 2 wrong usage, 130 cancelled.</returns>
    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        ArgumentNullException.ThrowIfNull(root);
        ParseResult parsed = root.Parse(args);
        try
        {
            int code = await parsed.InvokeAsync(Settings).ConfigureAwait(false);
            return parsed.Errors.Count > 0 ? Usage : code;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("cancelled").ConfigureAwait(false);
            return Cancelled;
        }
        catch (EdgeException e)
        {
            await Console.Error.WriteLineAsync($"error: {e.Message}").ConfigureAwait(false);
            return Failed;
        }
    }
}
