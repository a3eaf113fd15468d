using System.Text.Json;
using Edge.Packages;
using Xunit;

namespace Edge.Tests;

/// <summary>From the agent's own scores to another threshold, and back to the agent.</summary>
public sealed class CalibrateTests(TrainedLine line)
{
    [Fact]
    public void What_the_agent_scored_is_tried_calibrated_and_decided_by_the_new_version()
    {
        using TempFolder folder = new();
        Package original = PackageStore.OpenAny(line.Package);
        string copy = folder["models/flange"];
        Directory.CreateDirectory(Path.Combine(copy, "1/golden"));
        foreach (string file in original.Manifest.Files.Keys.Append("manifest.json")) File.Copy(Path.Combine(original.Folder, file), Path.Combine(copy, "1", file));
        File.WriteAllText(Path.Combine(copy, "current"), "1\n");
        string[] pictures = [.. Directory.EnumerateFiles(Path.Combine(line.Data, "test"), "*.*", SearchOption.AllDirectories).Order()];

        string production = Programs.Run(Programs.Agent, 0, ["inspect", "--package", copy, .. pictures]).Output;
        File.WriteAllText(folder["production.jsonl"], production);
        (int rejects, float[] scores) = Read(production);
        JsonElement tried = Json(Programs.Run(Programs.Trainer, 0, "calibrate", "--package", copy, "--scores", folder["production.jsonl"], "--json"));
        Assert.Equal((pictures.Length, rejects), (tried.GetProperty("before").GetProperty("parts").GetInt32(), tried.GetProperty("before").GetProperty("rejected").GetInt32()));

        JsonElement chosen = Json(Programs.Run(Programs.Trainer, 0, "calibrate", "--package", copy, "--data", line.Data, "--method", "max-fnr", "--json"));
        Assert.Equal((1, 2), (chosen.GetProperty("fromVersion").GetInt32(), chosen.GetProperty("version").GetInt32()));
        (int now, float[] again) = Read(Programs.Run(Programs.Agent, 0, ["inspect", "--package", copy, .. pictures]).Output);
        Assert.Equal(scores, again);   // the same graph
        Assert.Equal(chosen.GetProperty("after").GetProperty("rejected").GetInt32(), now);
        Assert.Equal(0, chosen.GetProperty("choice").GetProperty("confusion").GetProperty("misses").GetInt32());

        // Roll back: the old version is as it was.
        new PackageStore(folder["models"]).SetCurrent("flange", 1);
        Assert.Equal(rejects, Read(Programs.Run(Programs.Agent, 0, ["inspect", "--package", copy, .. pictures]).Output).Rejects);
    }

    [Fact]
    public async Task What_the_running_agent_wrote_down_says_what_another_threshold_would_have_done()
    {
        using TempFolder folder = new();
        Directory.CreateDirectory(folder["captures"]);
        string[] pictures = [.. Directory.EnumerateFiles(Path.Combine(line.Data, "test"), "*.*", SearchOption.AllDirectories).Order()];
        foreach ((int i, string picture) in pictures.Index()) File.Copy(picture, folder[$"captures/{i:000}{Path.GetExtension(picture)}"]);
        File.WriteAllText(folder["appsettings.json"], $$"""
            {
              "Edge": {
                "Models": "{{line.Models}}",
                "Http": { "Port": {{Ports.Free()}} },
                "Mqtt": { "Enabled": false },
                "Journal": { "Path": "{{folder["journal.db"]}}" },
                "Stations": { "station1": { "Source": { "Path": "{{folder["captures"]}}" }, "Model": "flange" } }
              }
            }
            """);
        using (RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", folder["appsettings.json"]))
        {
            int Journalled() => File.Exists(folder["journal.db"]) && Programs.Run(Programs.Agent, 0, "journal", "verify", "--journal", folder["journal.db"]).Output.Split(' ')[0] is var n ? int.Parse(n) : 0;
            await Eventually.True(() => Journalled() == pictures.Length + 1, "every part is in the journal, and that the model runs");
        }   // kill -9

        Programs.Run(Programs.Agent, 0, "journal", "verify", "--journal", folder["journal.db"]);
        (int rejects, float[] scores) = Read(Programs.Run(Programs.Agent, 0, ["inspect", "--package", line.Package, .. pictures]).Output);
        JsonElement before = Json(Programs.Run(Programs.Trainer, 0, "calibrate", "--package", line.Package, "--journal", folder["journal.db"], "--json")).GetProperty("before");
        Assert.Equal((pictures.Length, rejects), (before.GetProperty("parts").GetInt32(), before.GetProperty("rejected").GetInt32()));
        float threshold = scores.Order().ElementAt(scores.Length / 2);
        JsonElement after = Json(Programs.Run(Programs.Trainer, 0, "calibrate", "--package", line.Package, "--journal", folder["journal.db"], "--threshold", $"{threshold}", "--dry-run", "--json")).GetProperty("after");
        Assert.Equal(scores.Count(s => s >= threshold), after.GetProperty("rejected").GetInt32());
    }

    private static JsonElement Json(Finished finished) => JsonDocument.Parse(finished.Output).RootElement;

    private static (int Rejects, float[] Scores) Read(string lines)
    {
        JsonElement[] parts = [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
        return (parts.Count(p => p.GetProperty("verdict").GetString() == "reject"), [.. parts.Select(p => p.GetProperty("score").GetSingle())]);
    }
}
