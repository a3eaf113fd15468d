using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
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
internal sealed class AsyncApi
{
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

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
        [(typeof(CommandMessage), "command")] = Enum(CommandMessage.Commands),
        [(typeof(CommandMessage), "recipe")] = new() { ["maxLength"] = Trigger.MaxTextLength },
        [(typeof(CommandMessage), "version")] = new() { ["minimum"] = 1 },
        [(typeof(CommandMessage), "why")] = new() { ["maxLength"] = Trigger.MaxTextLength },
        [(typeof(VerdictMessage), "verdict")] = Enum(System.Enum.GetValues<Verdict>().Select(v => v.Wire())),
        [(typeof(VerdictMessage), "reason")] = Enum([.. System.Enum.GetValues<Reason>().Skip(1).Select(r => r.Wire()), null]),
        [(typeof(RecordMessage), "kind")] = Enum([JournalKind.Part, JournalKind.Late, JournalKind.Image, JournalKind.Event]),
        [(typeof(RecordMessage), "hash")] = new() { ["pattern"] = "^[0-9a-f]{64}$" },
        [(typeof(StatusMessage), "state")] = Enum(["online"]),
        [(typeof(StatusMessage), "notReady")] = Enum(["stalled", "paused", "camera", "no-model", null]),
        [(typeof(StatusMessage), "camera")] = Enum(System.Enum.GetValues<CameraState>().Select(c => c.Wire())),
        [(typeof(StatusMessage), "session")] = Enum(["new", "resumed"]),
        [(typeof(DriftMessage), "state")] = Enum(["steady", "drifted", "unknown"]),
        [(typeof(DriftMessage), "cause")] = Enum([.. System.Enum.GetValues<DriftCause>().Skip(1).Select(c => c.Wire()), null]),
        [(typeof(DriftMessage), "direction")] = Enum([.. System.Enum.GetValues<Direction>().Skip(1).Select(d => d.Wire()), null]),
        [(typeof(ShadowMessage), "state")] = Enum(System.Enum.GetValues<ModelState>().Skip(1).Select(s => s.Wire())),
        [(typeof(ModelMessage), "state")] = Enum(System.Enum.GetValues<ModelState>().Select(s => s.Wire())),
    };

    private readonly JsonObject channels = [], operations = [], messages = [], schemas = [];
    private readonly Topics topics = new("{line}", "{station}");

    /// <param name="examples">By the topic's last part: payloads as published.</param>
    public static string Write(IReadOnlyDictionary<string, string> examples) => new AsyncApi().Make(examples);

    private string Make(IReadOnlyDictionary<string, string> examples)
    {
        _ = JsonSerializer.Deserialize<VerdictMessage>(examples["verdict"], Strict);   // both have the same members
        _ = JsonSerializer.Deserialize<RecordMessage>(examples["record"], Strict);
        JsonObject offline = new() { ["type"] = "object", ["properties"] = new JsonObject { ["state"] = new JsonObject { ["const"] = "offline" } }, ["required"] = new JsonArray("state"), ["additionalProperties"] = false };

        In("trigger", topics.Trigger, "A part is in front of the camera. Not retained; the sender sets a message expiry.", MessageJson.Default.Trigger);
        Out("acquired", topics.Acquired, "The exposure is over, the part may move.", MessageJson.Default.AcquiredMessage, retain: false);
        Out("verdict", topics.Verdict, "Exactly one for each jobId; expires with the part's deadline.", Strict.GetTypeInfo(typeof(VerdictMessage)), retain: false);
        Out("record", topics.Record, "An entry of the station's journal, in order, for historians. record is the journal's own JSON: for kind part and late the verdict with line, station and decidedAt, for image where the archive has the picture.", Strict.GetTypeInfo(typeof(RecordMessage)), retain: false);
        Out("status", topics.Status, "The station: after every change, and as a heartbeat. The last will says offline.", MessageJson.Default.StatusMessage, retain: true);
        schemas["status"] = new JsonObject { ["oneOf"] = new JsonArray(schemas["status"]!.DeepClone(), offline) };
        Out("model", topics.Model, "The model that runs, and why another one does not.", MessageJson.Default.ModelMessage, retain: true);
        Out("drift", topics.Drift, "Whether accepted parts' scores still are as at calibration: on each change, and with every connection.", MessageJson.Default.DriftMessage, retain: true);
        Out("recipe", topics.Recipe, "What parts that are triggered from now on are.", MessageJson.Default.RecipeMessage, retain: true);
        In("command", topics.Command, "MQTT 5 request with response topic and correlation data.", MessageJson.Default.CommandMessage);
        Out("response", topics.Responses + "{client}", "The answer, with the request's correlation data.", MessageJson.Default.ResponseMessage, retain: false);
        channels["response"]!["parameters"]!["client"] = new JsonObject { ["description"] = "Whatever the request named." };
        operations["receiveCommand"]!["reply"] = new JsonObject { ["channel"] = Ref("channels/response") };
        foreach ((string kind, string payload) in examples) messages[kind]!["examples"] = new JsonArray(new JsonObject { ["payload"] = JsonNode.Parse(payload) });

        Channel("heatmap", topics.Heatmap, "Overlay of anomaly map and picture: evidence for people, best effort.");
        messages["heatmap"] = new JsonObject
        {
            ["contentType"] = "image/jpeg",
            ["headers"] = new JsonObject { ["type"] = "object", ["description"] = "MQTT 5 user properties.", ["properties"] = new JsonObject { ["jobId"] = new JsonObject { ["type"] = "string" }, ["verdict"] = Enum(System.Enum.GetValues<Verdict>().Select(v => v.Wire())) } },
            ["payload"] = new JsonObject { ["type"] = "string", ["format"] = "binary" },
        };
        Operation("sendHeatmap", "send", "heatmap", qos: 0, retain: false);
        return new JsonObject
        {
            ["asyncapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "edge-agent", ["version"] = "1.0.0", ["description"] = "What a station of the inspection agent says and hears over MQTT 5. Made from the code; a test compares it. In words: mqtt.md, and plc.md for the PLC's side." },
            ["defaultContentType"] = "application/json",
            ["channels"] = channels,
            ["operations"] = operations,
            ["components"] = new JsonObject { ["messages"] = messages, ["schemas"] = schemas },
        }.ToJsonString(Written) + "\n";
    }

    private void In(string kind, string address, string what, JsonTypeInfo type) => Json(kind, address, what, type, "receive", retain: false);

    private void Out(string kind, string address, string what, JsonTypeInfo type, bool retain) => Json(kind, address, what, type, "send", retain);

    private void Json(string kind, string address, string what, JsonTypeInfo type, string action, bool retain)
    {
        Channel(kind, address, what);
        schemas[kind] = Schema(type);
        messages[kind] = new JsonObject { ["payload"] = Ref($"components/schemas/{kind}") };
        Operation($"{action}{char.ToUpperInvariant(kind[0])}{kind[1..]}", action, kind, qos: 1, retain);
    }

    private void Channel(string kind, string address, string what) => channels[kind] = new JsonObject
    {
        ["address"] = address,
        ["description"] = what,
        ["messages"] = new JsonObject { [kind] = Ref($"components/messages/{kind}") },
        ["parameters"] = new JsonObject { ["line"] = new JsonObject { ["description"] = "Edge:Line of the configuration." }, ["station"] = new JsonObject { ["description"] = "The station's name." } },
    };

    private void Operation(string name, string action, string kind, int qos, bool retain) => operations[name] = new JsonObject
    {
        ["action"] = action,
        ["channel"] = Ref($"channels/{kind}"),
        ["bindings"] = new JsonObject { ["mqtt"] = new JsonObject { ["qos"] = qos, ["retain"] = retain, ["bindingVersion"] = "0.2.0" } },
    };

    private static JsonNode Schema(JsonTypeInfo type) => type.GetJsonSchemaAsNode(new JsonSchemaExporterOptions
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, schema) =>
        {
            if (context.PropertyInfo is not { } property || schema is not JsonObject made) return schema;
            foreach ((string name, JsonNode? value) in Rules.GetValueOrDefault((property.DeclaringType, property.Name)) ?? []) made[name] = value!.DeepClone();
            return made;
        },
    });

    private static JsonObject Enum(IEnumerable<string?> values) => new() { ["enum"] = new JsonArray([.. values.Select(v => (JsonNode?)v)]) };

    private static JsonObject Ref(string to) => new() { ["$ref"] = $"#/{to}" };
}
