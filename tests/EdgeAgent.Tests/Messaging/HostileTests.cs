using System.Buffers;
using System.Text;
using System.Text.Json;
using Edge.Agent.Messaging;
using Xunit;

namespace Edge.Tests.Messaging;

/// <summary>100,000 hostile payloads against another reader that knows the rules: what one takes, the other takes, and nothing throws.</summary>
public sealed class HostileTests
{
    private const int Payloads = 100_000;

    [Fact]
    public void Every_payload_is_a_message_by_the_documented_rules_or_refused_with_a_reason()
    {
        HostilePayloads hostile = new(seed: 1);
        Random random = new(2);
        int triggers = 0, commands = 0;
        for (int i = 0; i < Payloads; i++)
        {
            byte[] payload = hostile.Next();
            ReadOnlySequence<byte> sequence = Split(payload, random);
            Trigger? trigger = Trigger.Parse(sequence, out string? whyNoTrigger);
            CommandMessage? command = CommandMessage.Parse(sequence, out string? whyNoCommand);
            Assert.True(trigger is null == !string.IsNullOrEmpty(whyNoTrigger) && command is null == !string.IsNullOrEmpty(whyNoCommand), Show(payload));
            Assert.True((trigger is not null) == IsTrigger(payload), $"{(trigger is null ? whyNoTrigger : "taken")}: {Show(payload)}");
            Assert.True((command is not null) == IsCommand(payload), $"{(command is null ? whyNoCommand : "taken")}: {Show(payload)}");
            if (trigger is not null) triggers++;
            if (command is not null) commands++;
        }
        // Enough damaged ones are still messages for the comparison to say something.
        Assert.InRange(triggers, Payloads / 20, Payloads / 2);
        Assert.InRange(commands, Payloads / 20, Payloads / 2);
    }

    private static bool IsTrigger(byte[] payload) => Read(payload, "jobId", "partId", "recipe", "deadlineMs") is { } m
        && m.TryGetValue("jobId", out JsonElement id) && Text(id) is { Length: >= 1 and <= 64 } job && job.All(c => c is > ' ' and <= '~')
        && Optional(m, "partId", 128) && Optional(m, "recipe", 128)
        && (!m.TryGetValue("deadlineMs", out JsonElement ms) || ms.ValueKind == JsonValueKind.Null || (ms.ValueKind == JsonValueKind.Number && ms.TryGetInt32(out int value) && value is >= 1 and <= 600_000));

    private static bool IsCommand(byte[] payload) => Read(payload, "command", "recipe", "version", "why") is { } m
        && m.TryGetValue("command", out JsonElement name) && Text(name) is "change-recipe" or "pause" or "resume" or "self-test" or "activate" or "rollback"
        && (m.TryGetValue("recipe", out JsonElement recipe) && recipe.ValueKind != JsonValueKind.Null ? Text(name) == "change-recipe" && Text(recipe) is { Length: <= 128 } : Text(name) != "change-recipe")
        && (m.TryGetValue("version", out JsonElement version) && version.ValueKind != JsonValueKind.Null
            ? Text(name) == "activate" && version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out int number) && number >= 1 : Text(name) != "activate")
        && (!m.TryGetValue("why", out JsonElement why) || why.ValueKind == JsonValueKind.Null || (Text(name) is "activate" or "rollback" && Text(why) is { Length: <= 128 }));

    /// <summary>Members of one object, each known and there once; null when it is something else.</summary>
    private static Dictionary<string, JsonElement>? Read(byte[] payload, params string[] known)
    {
        if (payload.Length > 4096) return null;
        try
        {
            JsonElement root = JsonDocument.Parse(payload).RootElement;
            if (root.ValueKind != JsonValueKind.Object) return null;
            Dictionary<string, JsonElement> members = [];
            foreach (JsonProperty property in root.EnumerateObject())
                if (!known.Contains(property.Name) || !members.TryAdd(property.Name, property.Value)) return null;
            return members;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)   // not UTF-8, or half a surrogate pair
        {
            return null;
        }
    }

    private static bool Optional(Dictionary<string, JsonElement> members, string name, int longest) =>
        !members.TryGetValue(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null || (Text(value) is { } text && text.Length <= longest && !text.Any(char.IsControl));

    /// <summary>In one piece or two, as the network happens to deliver it.</summary>
    private static ReadOnlySequence<byte> Split(byte[] payload, Random random)
    {
        if (payload.Length < 2 || random.Next(2) == 0) return new ReadOnlySequence<byte>(payload);
        int at = random.Next(1, payload.Length);
        Piece first = new(payload.AsMemory(0, at), null), second = new(payload.AsMemory(at), first);
        return new ReadOnlySequence<byte>(first, 0, second, second.Memory.Length);
    }

    private static string Show(byte[] payload) => $"{Encoding.Latin1.GetString(payload)}\n{Convert.ToHexString(payload)}";

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
