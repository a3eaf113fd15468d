using System.Text.Json.Nodes;
using Edge.Training.Service;
using Edge.Training.Service.Messaging;
using Edge.Training.Service.Runs;
using Xunit;

namespace Edge.Tests.Service;

/// <summary>docs/trainer-asyncapi.json: AsyncAPI 3 of the trainer's topics, from the code's types. That real messages fit it is ServeTests' business.</summary>
public sealed class TrainerAsyncApi
{
    private const string Prefix = "edge/{line}/{trainer}/";

    private static readonly JsonObject Hash = new() { ["pattern"] = "^[0-9a-f]{64}$" }, FromOne = new() { ["minimum"] = 1 };

    private static readonly Dictionary<(Type, string), JsonObject> Rules = new()
    {
        [(typeof(TrainerCommand), "command")] = AsyncApiDocument.Enum(TrainerCommand.Commands),
        [(typeof(TrainerCommand), "run")] = new() { ["pattern"] = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" },
        [(typeof(RunMessage), "state")] = AsyncApiDocument.Enum(Enum.GetValues<RunState>().Select(s => s.Wire())),
        [(typeof(RunMessage), "cause")] = AsyncApiDocument.Enum(Enum.GetValues<RunCause>().Select(c => c.Wire())),
        [(typeof(TrainerStatus), "state")] = AsyncApiDocument.Enum(["online"]),
        [(typeof(OfferedVersion), "version")] = FromOne,
        [(typeof(OfferedVersion), "manifest")] = Hash,
        [(typeof(OfferedVersion), "bytes")] = FromOne,
    };

    [Fact]
    public void The_topics_are_what_the_code_says()
    {
        AsyncApiDocument document = new("edge-trainer serve", "What the training service says and hears over MQTT 5. Made from the code; a test compares it. In words: trainer.md; an agent's topics: asyncapi.json.",
            new Dictionary<string, string> { ["line"] = "Trainer:Line of the configuration.", ["trainer"] = "Trainer:Name of the configuration.", ["station"] = "A station's name.", ["model"] = "The model's name." }, Rules);
        document.In("command", Prefix + "command", "MQTT 5 request with response topic and correlation data.", TrainerJson.Default.TrainerCommand);
        document.Answer("The answer, with the request's correlation data.", Prefix + "response/", TrainerJson.Default.TrainerResponse);
        document.Out("status", Prefix + "status", "The run under way, and the last one: after every change. The last will says offline.", TrainerJson.Default.TrainerStatus, retain: true);
        document.OrOffline("status");
        document.Out("run", Prefix + "run", "A run that is over, with its gates.", TrainerJson.Default.RunMessage, retain: false);
        document.Out("models", Prefix + "models/{model}", "What agents on other machines can fetch (delivery.md); only a reason for them to ask. Empty when there is nothing any more.", OfferJson.Default.ModelOffer, retain: true);
        document.In("drift", "edge/{line}/{station}/drift", "An agent's, of which only this is looked at; when a product has OnDrift.", DriftJson.Default.DriftNotice);
        Document.Compare("docs/trainer-asyncapi.json", document.ToString());
    }
}
