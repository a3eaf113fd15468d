using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Edge.Agent.Capture;
using Edge.Agent.Drift;
using Edge.Agent.Inspection;
using Edge.Agent.Messaging;
using Edge.Agent.Models;
using Edge.Journal;
using Edge.Scoring;

namespace Edge.Tests.Docs;

/// <summary>docs/asyncapi.json: AsyncAPI 3 of all topics. Schemas come from the code's types, examples from a running agent.</summary>
internal static class AsyncApi
{
    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true, TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    /// <summary>What the types do not say: member by member, keyed by type and JSON name.</summary>
    private static readonly Dictionary<(Type, string), JsonObject> Rules = new()
    {
        [(typeof(Trigger), "jobId")] = new() { ["minLength"] = 1, ["maxLength"] = Trigger.MaxIdLength, ["pattern"] = "^[!-~]+$" },
        [(typeof(Trigger), "partId")] = new() { ["maxLength"] = Trigger.MaxTextLength },
        [(typeof(Trigger), "recipe")] = new() { ["maxLength"] = Trigger.MaxTextLength },
        [(typeof(Trigger), "deadlineMs")] = new() { ["minimum"] = 1, ["maximum"] = Trigger.MaxDeadlineMs },
        [(typeof(CommandMessage), "command")] = AsyncApiDocument.Enum(CommandMessage.Commands),
        [(typeof(CommandMessage), "recipe")] = new() { ["maxLength"] = Trigger.MaxTextLength },
        [(typeof(CommandMessage), "version")] = new() { ["minimum"] = 1 },
        [(typeof(CommandMessage), "why")] = new() { ["maxLength"] = Trigger.MaxTextLength },
        [(typeof(VerdictMessage), "verdict")] = AsyncApiDocument.Enum(System.Enum.GetValues<Verdict>().Select(v => v.Wire())),
        [(typeof(VerdictMessage), "reason")] = AsyncApiDocument.Enum([.. System.Enum.GetValues<Reason>().Skip(1).Select(r => r.Wire()), null]),
        [(typeof(RecordMessage), "kind")] = AsyncApiDocument.Enum([JournalKind.Part, JournalKind.Late, JournalKind.Image, JournalKind.Event]),
        [(typeof(RecordMessage), "hash")] = new() { ["pattern"] = "^[0-9a-f]{64}$" },
        [(typeof(StatusMessage), "state")] = AsyncApiDocument.Enum(["online"]),
        [(typeof(StatusMessage), "notReady")] = AsyncApiDocument.Enum(["stalled", "paused", "camera", "no-model", null]),
        [(typeof(StatusMessage), "camera")] = AsyncApiDocument.Enum(System.Enum.GetValues<CameraState>().Select(c => c.Wire())),
        [(typeof(StatusMessage), "session")] = AsyncApiDocument.Enum(["new", "resumed"]),
        [(typeof(DriftMessage), "state")] = AsyncApiDocument.Enum(["steady", "drifted", "unknown"]),
        [(typeof(DriftMessage), "cause")] = AsyncApiDocument.Enum([.. System.Enum.GetValues<DriftCause>().Skip(1).Select(c => c.Wire()), null]),
        [(typeof(DriftMessage), "direction")] = AsyncApiDocument.Enum([.. System.Enum.GetValues<Direction>().Skip(1).Select(d => d.Wire()), null]),
        [(typeof(ShadowMessage), "state")] = AsyncApiDocument.Enum(System.Enum.GetValues<ModelState>().Skip(1).Select(s => s.Wire())),
        [(typeof(ModelMessage), "state")] = AsyncApiDocument.Enum(System.Enum.GetValues<ModelState>().Select(s => s.Wire())),
    };

    /// <param name="examples">By the topic's last part: payloads as published.</param>
    public static string Write(IReadOnlyDictionary<string, string> examples)
    {
        _ = JsonSerializer.Deserialize<VerdictMessage>(examples["verdict"], Strict);   // both have the same members
        _ = JsonSerializer.Deserialize<RecordMessage>(examples["record"], Strict);
        Topics topics = new("{line}", "{station}");
        AsyncApiDocument document = new("edge-agent", "What a station of the inspection agent says and hears over MQTT 5. Made from the code; a test compares it. In words: mqtt.md, and plc.md for the PLC's side.",
            new Dictionary<string, string> { ["line"] = "Edge:Line of the configuration.", ["station"] = "The station's name." }, Rules);
        document.In("trigger", topics.Trigger, "A part is in front of the camera. Not retained; the sender sets a message expiry.", MessageJson.Default.Trigger);
        document.Out("acquired", topics.Acquired, "The exposure is over, the part may move.", MessageJson.Default.AcquiredMessage, retain: false);
        document.Out("verdict", topics.Verdict, "Exactly one for each jobId; expires with the part's deadline.", Strict.GetTypeInfo(typeof(VerdictMessage)), retain: false);
        document.Out("record", topics.Record, "An entry of the station's journal, in order, for historians. record is the journal's own JSON: for kind part and late the verdict with line, station and decidedAt, for image where the archive has the picture.", Strict.GetTypeInfo(typeof(RecordMessage)), retain: false);
        document.Out("status", topics.Status, "The station: after every change, and as a heartbeat. The last will says offline.", MessageJson.Default.StatusMessage, retain: true);
        document.OrOffline("status");
        document.Out("model", topics.Model, "The model that runs, and why another one does not.", MessageJson.Default.ModelMessage, retain: true);
        document.Out("drift", topics.Drift, "Whether accepted parts' scores still are as at calibration: on each change, and with every connection.", MessageJson.Default.DriftMessage, retain: true);
        document.Out("recipe", topics.Recipe, "What parts that are triggered from now on are.", MessageJson.Default.RecipeMessage, retain: true);
        document.In("command", topics.Command, "MQTT 5 request with response topic and correlation data.", MessageJson.Default.CommandMessage);
        document.Answer("The answer, with the request's correlation data.", topics.Responses, MessageJson.Default.ResponseMessage);
        foreach ((string kind, string payload) in examples) document.Example(kind, payload);

        document.Channel("heatmap", topics.Heatmap, "Overlay of anomaly map and picture: evidence for people, best effort.");
        document.Messages["heatmap"] = new JsonObject
        {
            ["contentType"] = "image/jpeg",
            ["headers"] = new JsonObject { ["type"] = "object", ["description"] = "MQTT 5 user properties.", ["properties"] = new JsonObject { ["jobId"] = new JsonObject { ["type"] = "string" }, ["verdict"] = AsyncApiDocument.Enum(System.Enum.GetValues<Verdict>().Select(v => v.Wire())) } },
            ["payload"] = new JsonObject { ["type"] = "string", ["format"] = "binary" },
        };
        document.Operation("sendHeatmap", "send", "heatmap", qos: 0, retain: false);
        return document.ToString();
    }
}
