using System.Text.Json;

namespace Edge.Agent.Delivery;

/// <summary>What was done about the trainer's versions, on the disk: an order of the trainer is followed once, and what an operator does here after it stands.</summary>
internal sealed partial class DeliveryBook
{
    private readonly StateFile file;
    private readonly Dictionary<string, DeliveredModel> models;

    public DeliveryBook(StateFile file, ILogger log)
    {
        this.file = file;
        try
        {
            models = file.Read() is { } json ? JsonSerializer.Deserialize(json, DeliveryJson.Default.DictionaryStringDeliveredModel) ?? [] : [];
        }
        catch (Exception e) when (e is JsonException or EdgeException)
        {
            LogForgotten(log, e.Message);
            models = [];
        }
    }

    public DeliveredModel Of(string model) => models.GetValueOrDefault(model) ?? new DeliveredModel([]);

    /// <exception cref="DeliveryException">It can't be kept.</exception>
    public void Set(string model, DeliveredModel now)
    {
        models[model] = now;
        try
        {
            file.Write(JsonSerializer.Serialize(models, DeliveryJson.Default.DictionaryStringDeliveredModel));
        }
        catch (EdgeException e)
        {
            throw new DeliveryException(DeliveryTrouble.Disk, e.Message, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "what the trainer's versions have led to is not known any more, they are looked at as new: {Why}")]
    private static partial void LogForgotten(ILogger log, string why);
}
