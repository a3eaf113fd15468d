using System.Buffers;
using System.Text.Json;
using Edge.Agent.Messaging;
using Edge.Agent.Models;
using Edge.Agent.Shadow;

namespace Edge.Agent.Inspection;

/// <summary>What a station can be told to do. One at a time.</summary>
internal sealed class StationCommands(RecipeBook recipes, ModelWatcher watcher, StationShadow shadow, SelfTest selfTest, TriggerIntake intake, string station, Action changed) : ICommands<CommandMessage>
{
    public CommandMessage? Parse(ReadOnlySequence<byte> payload, out string? why) => CommandMessage.Parse(payload, out why);

    /// <summary>Null when it is done; else why not, and nothing has changed.</summary>
    public string? Execute(CommandMessage command)
    {
        try
        {
            switch (command.Command)
            {
                case CommandMessage.ChangeRecipe: watcher.Change(recipes.Find(command.Recipe!)); break;
                case CommandMessage.SelfTest: selfTest.Run(); break;
                case CommandMessage.Activate: watcher.Activate(command.Version!.Value, By, command.Why); break;
                case CommandMessage.RollBack: watcher.RollBack(By, command.Why); break;
                case CommandMessage.Canary: watcher.RunCanary(command.Version, By, command.Why); break;
                case CommandMessage.Shadow: shadow.Order(command.Version, By, command.Why); break;
                default: intake.Pause(command.Command == CommandMessage.Pause); break;
            }
            changed();
            return null;
        }
        catch (Exception e)
        {
            return e.Message;   // whatever is wrong with a candidate, what runs stays
        }
    }

    /// <summary>MQTT does not say who published.</summary>
    private string By => $"command to {station}";

    public byte[] Answer(CommandMessage? command, string? reason, TimeSpan took) => JsonSerializer.SerializeToUtf8Bytes(
        new ResponseMessage(command?.Command, reason is null, reason, recipes.Current.Name, recipes.Current.Model, watcher.Offered, intake.Paused, Math.Round(took.TotalMilliseconds, 3)),
        MessageJson.Default.ResponseMessage);
}
