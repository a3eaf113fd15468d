using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;

namespace Edge.Tests;

/// <summary>An AsyncAPI 3 document of MQTT topics; schemas come from the code's own JSON types.</summary>
/// <param name="parameters">Of every address: name and what it is.</param>
/// <param name="rules">What the types do not say: member by member, keyed by type and JSON name.</param>
internal sealed class AsyncApiDocument(string title, string description, IReadOnlyDictionary<string, string> parameters, IReadOnlyDictionary<(Type, string), JsonObject> rules)
{
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public JsonObject Channels { get; } = [];
    public JsonObject Operations { get; } = [];
    public JsonObject Messages { get; } = [];
    public JsonObject Schemas { get; } = [];

    public void In(string kind, string address, string what, JsonTypeInfo type) => Json(kind, address, what, type, "receive", retain: false);

    public void Out(string kind, string address, string what, JsonTypeInfo type, bool retain) => Json(kind, address, what, type, "send", retain);

    /// <summary>The last will's payload is a second form of <paramref name="kind"/>.</summary>
    public void OrOffline(string kind)
    {
        JsonObject offline = new() { ["type"] = "object", ["properties"] = new JsonObject { ["state"] = new JsonObject { ["const"] = "offline" } }, ["required"] = new JsonArray("state"), ["additionalProperties"] = false };
        Schemas[kind] = new JsonObject { ["oneOf"] = new JsonArray(Schemas[kind]!.DeepClone(), offline) };
    }

    /// <summary>Commands are answered on <paramref name="responses"/> and whatever the request names.</summary>
    public void Answer(string what, string responses, JsonTypeInfo type)
    {
        Out("response", responses + "{client}", what, type, retain: false);
        Channels["response"]!["parameters"]!["client"] = new JsonObject { ["description"] = "Whatever the request named." };
        Operations["receiveCommand"]!["reply"] = new JsonObject { ["channel"] = Ref("channels/response") };
    }

    public void Example(string kind, string payload) => Messages[kind]!["examples"] = new JsonArray(new JsonObject { ["payload"] = JsonNode.Parse(payload) });

    public void Channel(string kind, string address, string what) => Channels[kind] = new JsonObject
    {
        ["address"] = address,
        ["description"] = what,
        ["messages"] = new JsonObject { [kind] = Ref($"components/messages/{kind}") },
        ["parameters"] = new JsonObject(parameters.Where(p => address.Contains($"{{{p.Key}}}", StringComparison.Ordinal)).Select(p => KeyValuePair.Create(p.Key, (JsonNode?)new JsonObject { ["description"] = p.Value }))),
    };

    public void Operation(string name, string action, string kind, int qos, bool retain) => Operations[name] = new JsonObject
    {
        ["action"] = action,
        ["channel"] = Ref($"channels/{kind}"),
        ["bindings"] = new JsonObject { ["mqtt"] = new JsonObject { ["qos"] = qos, ["retain"] = retain, ["bindingVersion"] = "0.2.0" } },
    };

    public override string ToString() => new JsonObject
    {
        ["asyncapi"] = "3.0.0",
        ["info"] = new JsonObject { ["title"] = title, ["version"] = "1.0.0", ["description"] = description },
        ["defaultContentType"] = "application/json",
        ["channels"] = Channels,
        ["operations"] = Operations,
        ["components"] = new JsonObject { ["messages"] = Messages, ["schemas"] = Schemas },
    }.ToJsonString(Written) + "\n";

    public static JsonObject Enum(IEnumerable<string?> values) => new() { ["enum"] = new JsonArray([.. values.Select(v => (JsonNode?)v)]) };

    private static JsonObject Ref(string to) => new() { ["$ref"] = $"#/{to}" };

    private void Json(string kind, string address, string what, JsonTypeInfo type, string action, bool retain)
    {
        Channel(kind, address, what);
        Schemas[kind] = Schema(type);
        Messages[kind] = new JsonObject { ["payload"] = Ref($"components/schemas/{kind}") };
        Operation($"{action}{char.ToUpperInvariant(kind[0])}{kind[1..]}", action, kind, qos: 1, retain);
    }

    // A schema lies deeper than its messages, whose depth is limited.
    private JsonNode Schema(JsonTypeInfo type)
    {
        JsonNode root = Exported(type);
        Inline(root, root);
        return root;
    }

    /// <summary>What comes twice in a schema is written out twice: a reference would start at the schema, and the schema is somewhere in the document.</summary>
    private static void Inline(JsonNode? node, JsonNode root)
    {
        if (node is JsonArray items) foreach (JsonNode? item in items) Inline(item, root);
        if (node is not JsonObject made) return;
        if (made["$ref"] is { } to)
        {
            JsonNode target = to.GetValue<string>().Split('/').Skip(1).Aggregate(root, (at, part) => at[part]!);
            made.Remove("$ref");
            foreach ((string name, JsonNode? value) in target.AsObject()) made[name] ??= value?.DeepClone();
        }
        foreach ((string _, JsonNode? child) in made) Inline(child, root);
    }

    private JsonNode Exported(JsonTypeInfo type) => new JsonSerializerOptions(type.Options) { MaxDepth = 64 }.GetTypeInfo(type.Type).GetJsonSchemaAsNode(new JsonSchemaExporterOptions
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, schema) =>
        {
            if (context.PropertyInfo is not { } property || schema is not JsonObject made) return schema;
            foreach ((string name, JsonNode? value) in rules.GetValueOrDefault((property.DeclaringType, property.Name)) ?? []) made[name] = value!.DeepClone();
            return made;
        },
    });
}
