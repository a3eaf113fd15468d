using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Edge.Journal;
using Xunit;

namespace Edge.Tests.Loop;

/// <summary>
/// The whole loop on real pictures: a model of few normals inspects, people review on the page, the service trains again from what they said, its candidate watches as a shadow, is
/// activated, and makes fewer errors on pictures that neither has seen. <c>build/loop.sh</c> is the long form.
/// </summary>
public sealed class LoopTests : IDisposable
{
    private const string Model = "tile", Token = "0123456789abcdef";
    private static readonly bool Long = Environment.GetEnvironmentVariable("EDGE_LOOP") == "long";

    private readonly TempFolder folder = new();
    private readonly HttpClient page = new();
    private readonly int agentPort = Ports.Free(), trainerPort = Ports.Free();
    private readonly StringBuilder report = new();

    public void Dispose()
    {
        page.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task What_people_say_becomes_a_better_model()
    {
        string data = Environment.GetEnvironmentVariable("EDGE_LOOP_DATA") ?? TestPaths.Shared("datasets/magnetic_tile");
        Lots lots = Long ? new(data, first: 10, normals: 240, defects: 60, heldOut: 190) : new(data, first: 10, normals: 100, defects: 25, heldOut: 100);
        const string again = "--coreset 0.1 --false-reject-rate 0.1 --holdout 0.3";   // ten parts can promise nothing; from then on the line wants a rate
        WriteData(folder["first/train/good"], lots.First);
        foreach (LabelledPicture picture in lots.HoldOut) WriteData(folder[$"holdout/test/{picture.Label}"], [picture]);
        Directory.CreateDirectory(folder["captures"]);
        File.WriteAllText(folder["tokens"], $"anna {Token}\n");

        Programs.Run(Programs.Trainer, 0, "train", "--method", "patchcore", "--data", folder["first"], "--name", Model, "--models", folder["models"], "--coreset", "0.1");
        Say($"Version 1: PatchCore, {lots.First.Count} normal parts. Version 2: the same and what was reviewed, {again}.");
        File.WriteAllText(folder["agent.json"], $$"""
            { "Edge": {
              "Line": "line1", "Models": "{{folder["models"]}}", "State": "{{folder["state"]}}", "Http": { "Port": {{agentPort}}, "TokenFile": "{{folder["tokens"]}}" }, "Journal": { "Path": "{{folder["journal.db"]}}" },
              "Archive": { "Enabled": true, "Path": "{{folder["archive"]}}", "AcceptedShare": 1, "MinFreeMegabytes": 0 }, "Reviews": { "Path": "{{folder["reviews"]}}" }, "Mqtt": { "Enabled": false },
              "Stations": { "cam1": { "Source": { "Kind": "Folder", "Path": "{{folder["captures"]}}", "Watch": true }, "Trigger": { "Mode": "Interval", "Interval": "00:00:00.120" }, "Heatmaps": { "Enabled": false }, "Model": "{{Model}}", "Threads": 1 } } } }
            """);
        File.WriteAllText(folder["trainer.json"], $$"""
            { "Trainer": {
              "Models": "{{folder["models"]}}", "State": "{{folder["training"]}}", "Http": { "Port": {{trainerPort}} }, "Mqtt": { "Enabled": false },
              "Products": { "{{Model}}": { "Data": "{{folder["first"]}}", "Reviewed": "{{folder[$"reviews/pictures/{Model}"]}}", "ReviewedParts": {{lots.Line[0].Count}}, "Arguments": "{{again}}",
                "Gates": { "MaxFalseRejectRate": 0.3, "MaxMissIncrease": 0.2, "MaxAurocLoss": 0.05, "MaxLatencyRatio": 20 } } } } }
            """);
        using RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", folder["agent.json"]);
        using RunningProgram trainer = Programs.Start(Programs.Trainer, "serve", "--config", folder["trainer.json"]);
        await Eventually.True(() => agent.Output.Contains("version 1", StringComparison.Ordinal) || Journalled("model-running") == 1, "version 1 runs");

        await InspectAsync(lots.Line[0]);
        (int parts, int wrong) = await ReviewAsync();
        Assert.Equal(lots.Line[0].Count, parts);
        Say($"Lot 1: {parts} parts inspected and reviewed, {wrong} verdicts were wrong.");

        await TrainedAgainAsync();
        JsonNode gates = JsonNode.Parse(File.ReadAllText(folder[$"models/{Model}/2/gates.json"]))!;
        foreach (JsonNode? gate in gates["gates"]!.AsArray()) Say($"  gate {gate!["name"]}: {gate["words"]}");

        await ChangeAsync(new { action = "shadow", version = 2, why = "retrained" });
        await InspectAsync(lots.Line[1]);
        JsonNode shadow = JsonNode.Parse(await page.GetStringAsync(Address("/api/shadow"), Cancel))!.AsArray().Single()!["report"]!;
        Assert.Equal(1, (int)shadow["pair"]!["version"]!);
        Assert.True((long)shadow["parts"]! + (long)shadow["missed"]! >= lots.Line[1].Count - 1, shadow.ToJsonString());
        Say($"Shadow: {shadow["parts"]} parts seen by both, {shadow["missed"]} missed, {shadow["same"]} with the same verdict, {shadow["disagreements"]!.AsArray().Count} disagreements listed.");

        await ChangeAsync(new { action = "activate", version = 2, why = "agrees, fewer false rejects" });
        await InspectAsync(lots.Line[2]);
        Assert.All(Parts().TakeLast(lots.Line[2].Count), p => Assert.Equal(2, (int)p["version"]!));

        (int errors1, string text1) = Evaluate(1);
        (int errors2, string text2) = Evaluate(2);
        Say($"Hold-out, {lots.HoldOut.Count} pictures that neither has seen:\n  version 1: {text1}\n  version 2: {text2}");
        Assert.True(errors2 < errors1, report.ToString());
        agent.Signal(15);
        trainer.Signal(15);
        Assert.Equal((0, 0), (agent.Wait().ExitCode, trainer.Wait().ExitCode));
        JsonNode[] events = [.. Entries(JournalKind.Event)];
        Assert.Equal([(1, null), (2, "agrees, fewer false rejects")], events.Where(e => (string?)e["event"] == "model-running").Select(e => ((int)e["version"]!, (int)e["version"]! == 1 ? null : (string?)e["why"])));
        if (Environment.GetEnvironmentVariable("EDGE_LOOP_REPORT") is { } file)
        {
            File.WriteAllText(file, report.ToString());
            foreach (int version in (int[])[1, 2])
                Programs.Run(Programs.Trainer, 0, "report", "--package", folder[$"models/{Model}/{version}"], "--data", folder["holdout"], "--out", Path.ChangeExtension(file, $".{version}.html"));
        }
    }

    /// <summary>The service has seen that enough was reviewed, has trained, measured and published.</summary>
    private async Task TrainedAgainAsync()
    {
        string run = await Eventually.Get(() =>
        {
            string? file = Directory.Exists(folder["training/runs"]) ? Directory.EnumerateFiles(folder["training/runs"], "run.json", SearchOption.AllDirectories).FirstOrDefault() : null;
            return Task.FromResult(file is not null && File.ReadAllText(file) is var text && (string?)JsonNode.Parse(text)!["state"] is "Published" or "Refused" or "Failed" ? text : null);
        }, $"the service trains again from {Directory.GetFiles(folder["reviews/pictures"], "*.png", SearchOption.AllDirectories).Length} reviewed pictures", TimeSpan.FromMinutes(Long ? 30 : 3));
        Assert.True(Directory.Exists(folder[$"models/{Model}/2"]), run);
    }

    /// <summary>The lot comes before the camera, part after part; all have their verdict when it returns.</summary>
    private async Task InspectAsync(IReadOnlyList<LabelledPicture> lot)
    {
        int before = Parts().Length;
        foreach (LabelledPicture picture in lot)
        {
            File.Copy(picture.Path, folder["next"], overwrite: true);   // a picture appears whole
            File.Move(folder["next"], folder[$"captures/{picture.Name}"]);
        }
        await Eventually.True(() => Parts().Length >= before + lot.Count, "a verdict for each part", TimeSpan.FromMinutes(5));
        await Eventually.True(() => Entries(JournalKind.Image).Count() == Parts().Count(p => (string?)p["verdict"] != "uninspected"), "their pictures");
    }

    /// <summary>Through the page's own requests: everything that waits for a review is said to be what it is.</summary>
    private async Task<(int Parts, int Wrong)> ReviewAsync()
    {
        (int parts, int wrong) = (0, 0);
        while (JsonNode.Parse(await page.GetStringAsync(Address("/api/reviews/queue"), Cancel))!["parts"]!.AsArray() is { Count: > 0 } queue)
        {
            foreach (JsonNode? item in queue)
            {
                string label = LabelledPicture.LabelOf((string)item!["part"]!["record"]!["frame"]!);
                JsonNode said = await PostAsync("/api/reviews", new { entry = (long)item["part"]!["seq"]!, judgement = label == "good" ? "normal" : "anomalous", defect = label == "good" ? null : label });
                parts++;
                if ((string?)said["outcome"] is "false-reject" or "miss") wrong++;
            }
        }
        return (parts, wrong);
    }

    private Task<JsonNode> ChangeAsync(object change) => PostAsync("/api/stations/cam1/model", change);

    private async Task<JsonNode> PostAsync(string path, object body)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, Address(path)) { Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", Token);
        request.Headers.Add("X-Edge-Request", "1");
        using HttpResponseMessage response = await page.SendAsync(request, Cancel);
        string text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private (int Errors, string Text) Evaluate(int version)
    {
        JsonElement result = JsonDocument.Parse(Programs.Run(Programs.Trainer, 0, "evaluate", "--package", folder[$"models/{Model}/{version}"], "--data", folder["holdout"], "--json").Output).RootElement;
        JsonElement figures = result.GetProperty("figures"), matrix = figures.GetProperty("atThreshold").GetProperty("confusion");
        int rejected = matrix.GetProperty("falseRejects").GetInt32(), missed = matrix.GetProperty("misses").GetInt32();
        return (rejected + missed, string.Create(CultureInfo.InvariantCulture, $"{rejected + missed} errors ({rejected} false rejects, {missed} misses), image AUROC {figures.GetProperty("imageAuroc").GetDouble():F3}"));
    }

    private JsonNode[] Parts() => [.. Entries(JournalKind.Part)];

    private int Journalled(string what) => Entries(JournalKind.Event).Count(e => (string?)e["event"] == what);

    private IEnumerable<JsonNode> Entries(string kind)
    {
        try
        {
            using JournalFile journal = JournalFile.Open(folder["journal.db"]);
            return [.. journal.After(0).Where(e => e.Kind == kind).Select(e => JsonNode.Parse(e.Record)!)];
        }
        catch (EdgeException)
        {
            return [];   // the agent is about to make it
        }
    }

    private static void WriteData(string target, IEnumerable<LabelledPicture> pictures)
    {
        Directory.CreateDirectory(target);
        foreach (LabelledPicture picture in pictures) File.Copy(picture.Path, Path.Combine(target, Path.GetFileName(picture.Path)));
    }

    private void Say(string line)
    {
        report.AppendLine(line);
        TestContext.Current.TestOutputHelper?.WriteLine(line);
    }

    private Uri Address(string path) => new($"http://127.0.0.1:{agentPort}{path}");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
