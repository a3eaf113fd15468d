using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Edge.Agent.Inspection;
using Edge.Agent.Messaging;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Docs;

/// <summary>docs/mqtt.md: the words are written here, the payloads are what a running agent says to a real broker.</summary>
public sealed class MqttDocument
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task Says_what_is_published()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using TestAgent agent = new(broker);
        agent.AddPicture("a.png", 200);
        await using Plc plc = await Plc.ConnectAsync(broker);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["camera"] == "online" && h["model"] is not null);
        await plc.TriggerAsync("job-1", ""","partId":"4711","deadlineMs":2000""");
        Heard verdict = await plc.VerdictAsync("job-1"), acquired = await plc.HearAsync("acquired"), heatmap = await plc.HearAsync("heatmap");
        Heard status = plc.All("status")[^1], model = await plc.HearAsync("model", h => h["state"] == "running" && h["version"] == "1");
        Heard response = await plc.RequestAsync("""{"command":"self-test"}"""), recipe = await plc.HearAsync("recipe"), drift = await plc.HearAsync("drift"), record = await plc.HearAsync("record", h => h["kind"] == "part");
        Topics topics = new("<line>", "<station>");

        string text = $"""
            # What edge-agent says and hears over MQTT 5

            Made from what a running agent publishes; a test compares it. As JSON Schemas: [asyncapi.json](asyncapi.json) (AsyncAPI 3); the PLC's side, with timing diagrams: [plc.md](plc.md). Every station is an MQTT client of its own, `<prefix>-<line>-<station>`.

            | topic | direction | QoS | retained | what |
            |---|---|---|---|---|
            | `{topics.Trigger}` | in | 1 | no | a part is in front of the camera |
            | `{topics.Acquired}` | out | {Row(acquired)} | the exposure is over, the part may move |
            | `{topics.Verdict}` | out | {Row(verdict)} | exactly one for each jobId; expires with the part's deadline |
            | `{topics.Record}` | out | {Row(record)} | every entry of the station's journal, in order, for historians; what can't be sent waits on the disk |
            | `{topics.Heatmap}` | out | {Row(heatmap)} | overlay, {heatmap.Message.ContentType}; MQTT 5 user properties {string.Join(", ", heatmap.Message.UserProperties.Select(p => p.Name))} |
            | `{topics.Status}` | out | 1 | yes | the station; the last will says `offline` |
            | `{topics.Model}` | out | 1 | yes | the model that runs, and why another one does not |
            | `{topics.Drift}` | out | 1 | yes | whether scores still are as at calibration; reject streaks |
            | `{topics.Recipe}` | out | {Row(recipe)} | what is made: parts that are triggered from now on are of this recipe |
            | `{topics.Command}` | in | 1 | no | MQTT 5 request: change the recipe, pause, resume, self-test, activate a version, roll back, shadow, canary |
            | `{topics.Responses}…` | out | {Row(response)} | the answer, on the topic that the request names |

            ## trigger
            `jobId` (1 to {Trigger.MaxIdLength} printable ASCII characters, no spaces) is required and the line's own name for this inspection: the same jobId twice is one job, and
            gets the same verdict again. `partId` and `recipe` (at most {Trigger.MaxTextLength} characters) come back in the verdict; where the station has recipes, a trigger that names
            another one than is made now is answered `uninspected(recipe)`, and one that names none is of that one. `deadlineMs` (1 to {Trigger.MaxDeadlineMs}) counts from the
            trigger's arrival and overrides the recipe's and the station's. A message that is anything else, or larger than {Trigger.MaxBytes} bytes, is counted (`edge_invalid_triggers_total`),
            logged and otherwise ignored. The broker keeps triggers for an agent that is away for `Mqtt:SessionExpirySeconds`. A retained trigger is ignored.
            With `Trigger:DebounceMs` a trigger with another jobId that comes too soon after one that was taken is answered `uninspected(debounced)`: one part, one picture, and no jobId without an answer.

            **Nothing is lost in a crash.** A trigger is acknowledged (PUBACK) when the broker has its part's verdict and the record is on the disk (without a journal, or when it can't be written: the verdict is enough). Of more than
            `Mqtt:HeldTriggers` each waits two seconds at most, so a disk that hangs stops no trigger; a station with more parts under way than that may lose the oldest in a crash: keep `QueueCapacity` below it. So after a crash or a broken connection the broker sends again what has no record yet, and that part gets its verdict: `uninspected(interrupted)`, and no
            picture is taken, because another part may stand there by now. Divert it, even if an `accept` with the same jobId came just before the crash. A jobId that was decided, also before a restart of the agent (the newest {TriggerIntake.Remembered} of the
            journal), gets the same verdict again. A trigger that waited at the broker for an agent that was away is inspected when it arrives: set its MQTT message expiry to the time that the part stays in front of the camera.

            ```json
            {Pretty("""{"jobId":"job-1","partId":"4711","deadlineMs":2000}""")}
            ```

            ## verdict
            `verdict` is `accept`, `reject`, `review` or `uninspected`; `reason` is null, or for `uninspected` one of {string.Join(", ", Enum.GetValues<Reason>().Skip(1).Select(r => $"`{r.Wire()}`"))}.
            `score` and `threshold` are raw; `score >= threshold` rejects. Every member is always there; what is unknown is null. **Divert every part that
            is not `accept`, and every part when no verdict comes or `status` says `offline`.** A verdict that the broker did not acknowledge is
            sent again after the reconnect: same jobId, same verdict. One that the broker refuses (its access control list) waits aside, newer ones are not held
            up, and is tried again every five seconds and as soon as another was taken; at most 1,000 wait so, then the oldest is lost and counted.

            ```json
            {Pretty(Sample(verdict, ("score", 200), ("latencyMs", null), ("capturedAt", null)))}
            ```

            ## record
            The station's entries of the [journal](journal.md), one message each, one after the other: the next goes out when the broker has acknowledged the one before.
            What can't be sent, and what nobody is subscribed to (`Records:WaitForSubscriber`), waits in the journal on the disk, over restarts of agent and broker.
            Whoever listens to `edge/#` counts as a subscriber. `kind` and `record` are those of the journal. `historical` says that the entry is older than the connection it came over. Verdicts go first.

            **For a historian.** `journal` and `seq` together name an entry: who sees them again drops the message (a crash may repeat the last ones; jobId and verdict are the same). `previous` is the `seq`
            of the station's entry before: whoever has not got that one misses something (0 = there is none). An entry that had to be removed unsent, because it was too old or the journal too large, is missing
            this way, is counted (`edge_records_lost_total`) and told by an entry of kind `event`. Another `journal` means a new database; its numbers begin at 1. `seq` counts over all stations of an agent: with the
            records of all of them the chain of hashes can be recomputed. `record` is the last member, byte for byte what the hash covers; `atMs` is Unix time in milliseconds. Use a
            persistent session, and let the broker queue enough for it (mosquitto: `max_queued_messages`, 1,000 by default, silently drops more).

            ```json
            {Pretty(Sample(record, ("journal", null), ("hash", null), ("atMs", 1795435200000)))}
            ```

            ## acquired
            ```json
            {Pretty(Sample(acquired, ("capturedAt", null)))}
            ```

            ## status
            `state` is `online` or `offline` (then alone). `ready` says whether a part that is triggered now would be inspected; `notReady` why not: `paused`, `camera`, `no-model` or
            `stalled` (a loop of the station hangs). `underWay` counts the parts between trigger and verdict, `beat` the messages: after every change and every
            `Mqtt:HeartbeatSeconds` (default {new Agent.Configuration.MqttOptions().HeartbeatSeconds}) there is one, so a station that does not count is dead, whatever the retained message says. `session` says whether the broker had kept the station's session.

            ```json
            {Pretty(Sample(status, ("beat", 17), ("build", null), ("since", null)))}
            ```

            ## command and response
            `command` is one of {string.Join(", ", CommandMessage.Commands.Select(c => $"`{c}`"))}. An MQTT 5 response topic, if there is one, must begin with `edge/<line>/<station>/response/`; the
            answer comes there with the request's correlation data (at most 256 bytes). `ok` false says why in `reason`, and nothing has changed. Give a request a message
            expiry: one that waited at the broker is carried out when it arrives. A retained command is ignored; what is no command is answered so and counted (`edge_invalid_commands_total`).

            - `change-recipe` with `recipe`: the next model is loaded, warmed up and checked on its golden images beside the running one, the recipe is written to the disk (an
              agent that starts again goes on with it), then it is in force: parts triggered before the answer are still inspected as what they were, or are `uninspected(recipe)` when
              two changes followed too fast; never with the wrong model. A recipe that is not configured, or whose model does not prove itself, is refused.
            - `pause`: triggers are answered `uninspected(paused)`, a free-running station looks at nothing. `resume` ends it; a restart does not: it is kept on the disk, else it is refused.
            - `self-test`: the running package is read from the disk again, verified, loaded and run on its golden images, beside the line's work.
            - `activate` with `version`, `rollback`: that version of the current recipe's model, or the newest good one before the version that is to run, proves itself beside the running one, is
              named in `models/<name>/current` (so every station with that model follows) and written down in the model's history, with `why` (at most {Agent.Messaging.Trigger.MaxTextLength} characters) when it is given. Then the next part
              is inspected with it; a version that does not prove itself is refused and nothing changes. Who may send a command is the broker's to say (`deploy/mosquitto`).

            - `shadow` with `version`: that version of the current recipe's model proves itself and is named in `models/<name>/shadow`: every station with that model lets it see the same parts, at the lowest
              priority and only when it is free, and it decides nothing. What it would have said is at `/api/shadow` and in `edge-agent models shadow NAME`. Without `version` (or null) it ends, and also when
              that version is activated. One that fails on a part, gives no number or does not answer within `Shadow:StallSeconds` is stopped and refused; the running version is untouched.

            - `canary` with `version`: as `activate`, for this station alone: it is named in `models/<name>/canary` with the station, whose parts it inspects (and whose probation it is on) while the other stations keep
              `current`. Sent to more stations, they have it too; there is one canary version at a time. `activate` with that version gives it to all, `rollback` at one of its stations, or `canary`
              without `version` (or null), ends it everywhere, and so does a probation that it does not pass. With `Probation:PromoteCanary` it becomes current when it has passed at all its stations.

            A threshold belongs to a package's version or to a recipe; there is no command for it.

            ```json
            {Pretty("""{"command":"change-recipe","recipe":"flange-b"}""")}
            ```

            ```json
            {Pretty(Sample(response, ("durationMs", 12.5)))}
            ```

            ## drift
            `state` is `steady`, `drifted` or `unknown` (the package's normal scores do not differ, so nothing can be said). When it is `drifted`, accepted parts' scores are `direction` (`higher`, `lower`, `wider`, `narrower`) than those the model was
            calibrated with; `cause` is `camera` when light or sharpness of the pictures has changed too, and else `product`; `since` says since when. Retrain on `product`; on `camera` put the camera right first. Said again when any of these changes, when
            another model begins, with every connection, and when a reject streak begins or ends: `rejectStreak` is the number of rejects in a row once there are `Drift:RejectStreak` (default {new Agent.Configuration.DriftOptions().RejectStreak}), else 0. No verdict depends on it.

            The test is sequential: its false alarms are `Drift:FalseAlarmParts` (default {new Agent.Configuration.DriftOptions().FalseAlarmParts}) accepted parts apart on average at least, as long as parts come from one distribution. `evidence` is the logarithm to base 10 of what is compared with that number,
            -1 = none; `parts` the accepted parts judged with this version, `calibration` the normal pictures behind its statistics: with few of them only large changes, or changes after many parts, can be told. What was learnt is kept over
            restarts (`State`) and begins anew with another version or threshold. `drifted` ends when the scores are again as they were (evidence below the square root of the limit), or with another version.

            ```json
            {Pretty(drift.Text)}
            ```

            ## recipe
            `recipe` is null, and `recipes` empty, for a station that makes one thing.

            ```json
            {Pretty(recipe.Text)}
            ```

            ## model
            `state` is `none`, `loading`, `running` or `refused`; `reason` says why the aspired version is refused, while `version` keeps running.
            `signedBy` is the id of the trusted key that signed the version that runs, null without `TrustedKeys`. `canary` says that `aspired` is this station's before the others have it. `shadow` is null, or the version that sees the same parts and decides nothing, with
            `state` `loading`, `running` or `refused` and the `reason` of a refusal.

            ```json
            {Pretty(model.Text)}
            ```

            """;
        Document.Compare("docs/mqtt.md", text);
        Document.Compare("docs/asyncapi.json", AsyncApi.Write(new Dictionary<string, string>
        {
            ["trigger"] = """{"jobId":"job-1","partId":"4711","deadlineMs":2000}""",
            ["verdict"] = Sample(verdict, ("score", 200), ("latencyMs", null), ("capturedAt", null)),
            ["record"] = Sample(record, ("journal", null), ("hash", null), ("atMs", 1795435200000)),
            ["acquired"] = Sample(acquired, ("capturedAt", null)),
            ["status"] = Sample(status, ("beat", 17), ("build", null), ("since", null)),
            ["model"] = model.Text,
            ["drift"] = drift.Text,
            ["recipe"] = recipe.Text,
            ["command"] = """{"command":"change-recipe","recipe":"flange-b"}""",
            ["response"] = Sample(response, ("durationMs", 12.5)),
        }));
    }

    private static string Row(Heard message) => $"{(int)message.Message.QualityOfServiceLevel} | {(message.Message.Retain ? "yes" : "no")}";

    /// <summary>The message with what differs from run to run set to an example.</summary>
    private static string Sample(Heard message, params (string Member, double? Value)[] examples)
    {
        JsonNode json = message.Json;
        foreach ((string member, double? value) in examples)
        {
            Assert.NotNull(json[member]);
            if (member == "journal") (json["journal"], json["record"]) = ("5f0c91d2a4b7e863", Example(json["record"]!));
            else if (member == "hash") json[member] = new string('0', 64);
            else if (json[member] is JsonObject parts) foreach (string part in parts.Select(p => p.Key).ToArray()) parts[part] = 1.5;
            else if (value is { } number) json[member] = number;
            else if (member == "build") json[member] = "1.0.0";
            else json[member] = "2026-11-23T12:00:00+00:00";
        }
        return json.ToJsonString();
    }

    /// <summary>The record in a record's message: its own members are the journal's, so one line shows them.</summary>
    private static JsonNode Example(JsonNode record)
    {
        foreach (string member in (string[])["decidedAt", "capturedAt"]) record[member] = "2026-11-23T12:00:00+00:00";
        foreach (string part in record["latencyMs"]!.AsObject().Select(p => p.Key).ToArray()) record["latencyMs"]![part] = 1.5;
        return record.DeepClone();
    }

    private static string Pretty(string json) => JsonNode.Parse(json)!.ToJsonString(Indented);
}
