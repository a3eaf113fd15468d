using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Edge.Training.Service.Configuration;
using Edge.Training.Service.Runs;

namespace Edge.Training.Service.Messaging;

/// <summary>What the trainer can be told to do.</summary>
internal sealed partial class TrainerCommands(ServeOptions options, RunBook book, RunLoop loop, TrainingProcess process) : ICommands<TrainerCommand>
{
    public TrainerCommand? Parse(ReadOnlySequence<byte> payload, out string? why) =>
        StrictJson.Parse(payload, TrainerCommand.MaxBytes, TrainerJson.Default.TrainerCommand, WhyInvalid, out why);

    public string? Execute(TrainerCommand command)
    {
        try
        {
            if (command.Command == TrainerCommand.Train) book.Ask(command.Run, command.Product!, RunCause.Command);
            else if (command.Command == TrainerCommand.Cancel) loop.Cancel(command.Run);
            else if (book.Find(command.Run) is null) return $"There is no run {command.Run}.";
            return null;
        }
        catch (EdgeException e)
        {
            return e.Message;
        }
    }

    public byte[] Answer(TrainerCommand? command, string? reason, TimeSpan took) => JsonSerializer.SerializeToUtf8Bytes(
        new TrainerResponse(command?.Command, reason is null, reason, command is null ? null : RunMessage.Of(book.Find(command.Run), process.Progress)), TrainerJson.Default.TrainerResponse);

    private string? WhyInvalid(TrainerCommand command) =>
        !TrainerCommand.Commands.Contains(command.Command) ? $"command must be one of {string.Join(", ", TrainerCommand.Commands)}"
        : !Id().IsMatch(command.Run) ? "run must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', starting with a letter or digit"
        : (command.Product is not null) != (command.Command == TrainerCommand.Train) ? $"product belongs to {TrainerCommand.Train}, and only there"
        : command.Product is { } product && !options.Products.ContainsKey(product) ? $"product must be one of {string.Join(", ", options.Products.Keys.Order(StringComparer.Ordinal))}"
        : null;

    /// <summary>Safe as a folder's name.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}
