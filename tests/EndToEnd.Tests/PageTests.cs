using System.Diagnostics;
using System.Text.Json;
using Edge.Journal;
using Xunit;

namespace Edge.Tests;

/// <summary>The operator page of a running agent, used in a real Chromium.</summary>
public sealed class PageTests(TrainedLine line)
{
    private const string Token = "0123456789abcdef0123";

    [Fact]
    public async Task People_see_judge_and_try_at_a_desk_and_on_a_phone()
    {
        string node = Path.Combine(TestPaths.Repository, "tests/EndToEnd.Tests/node");
        string? chromium = ((string[])["/usr/bin/chromium", "/usr/bin/chromium-browser", "/snap/bin/chromium"]).FirstOrDefault(File.Exists);
        Assert.SkipUnless(chromium is not null, "needs chromium");
        Assert.SkipUnless(Directory.Exists(Path.Combine(node, "node_modules/axe-core")), "needs axe-core (npm ci in tests/EndToEnd.Tests/node)");
        using TempFolder folder = new();
        int port = Ports.Free();
        Directory.CreateDirectory(folder["captures"]);
        foreach (string picture in Directory.EnumerateFiles(Path.Combine(line.Data, "test"), "*.*", SearchOption.AllDirectories))
            File.Copy(picture, folder[$"captures/{Path.GetFileName(Path.GetDirectoryName(picture))}-{Path.GetFileName(picture)}"]);
        File.WriteAllText(folder["tokens"], $"anna {Token}\n");
        Programs.Run("/bin/cp", 0, "-r", line.Models, folder["models"]);
        Programs.Run(Programs.Trainer, 0, "calibrate", "--package", folder["models/flange"], "--threshold", "1");
        File.WriteAllText(folder["models/flange/current"], "1\n");
        File.WriteAllText(folder["appsettings.json"], $$"""
            { "Edge": {
              "Line": "line1", "Models": "{{folder["models"]}}", "State": "{{folder["state"]}}", "Http": { "Port": {{port}}, "TokenFile": "{{folder["tokens"]}}" }, "Journal": { "Path": "{{folder["journal.db"]}}" },
              "Archive": { "Enabled": true, "Path": "{{folder["archive"]}}", "AcceptedShare": 0.2, "MinFreeMegabytes": 0 }, "Reviews": { "Path": "{{folder["reviews"]}}" }, "Mqtt": { "Enabled": false }, "Probation": { "Parts": 0 },
              "Stations": { "cam1": { "Source": { "Kind": "Folder", "Path": "{{folder["captures"]}}", "Loop": true }, "Trigger": { "Mode": "Interval", "Interval": "00:00:00.300" }, "Model": "flange", "Threads": 1 } } } }
            """);
        using RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", folder["appsettings.json"]);
        await Eventually.True(() => Directory.Exists(folder["archive"]) && Directory.EnumerateFiles(folder["archive"], "*.png", SearchOption.AllDirectories).Count() > 6, "pictures to look at");

        ProcessStartInfo start = new("node", [Path.Combine(node, "page.js"), chromium!, $"http://127.0.0.1:{port}", Token, .. Environment.GetEnvironmentVariable("EDGE_SCREENSHOTS") is { } shots ? (string[])[shots] : []]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process browser = Process.Start(start)!;
        Task<string> error = browser.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await browser.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(output.Length > 0, await error);
        JsonElement seen = JsonDocument.Parse(output).RootElement;
        string[] Texts(string name) => [.. seen.GetProperty(name).EnumerateArray().Select(e => e.GetString()!)];
        Assert.Empty(Texts("faults"));
        Assert.DoesNotContain(Texts("accessibility"), a => a.StartsWith("serious", StringComparison.Ordinal) || a.StartsWith("critical", StringComparison.Ordinal));
        Assert.Equal(["401"], Texts("errors").Select(e => e.Contains("401", StringComparison.Ordinal) ? "401" : e));   // the wrong token
        Assert.Contains("until you log in", seen.GetProperty("mayNot").GetString(), StringComparison.Ordinal);
        Assert.Equal((3, "This token is nobody's.", "anna", false), (seen.GetProperty("disabled").GetInt32(), seen.GetProperty("wrongToken").GetString(), seen.GetProperty("who").GetString(), seen.GetProperty("secrets").GetBoolean()));
        Assert.Contains("while nobody looked", seen.GetProperty("lookedAway").GetString(), StringComparison.Ordinal);
        JsonElement aspect = seen.GetProperty("aspect");
        Assert.Equal(aspect.GetProperty("frame").GetDouble(), aspect.GetProperty("shown").GetDouble(), 0.02);
        Assert.Equal("Shadow", seen.GetProperty("escaped").GetString());   // the keyboard is back, nothing was done
        string[] keyed = Texts("keyed");
        Assert.StartsWith("Taken back", keyed[2], StringComparison.Ordinal);

        Finished listed = Programs.Run(Programs.Agent, 0, "reviews", "list", "--reviews", folder["reviews"], "--json");
        JsonElement[] reviews = [.. listed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal([("anomalous", "burr", "<img src=x onerror=alert(1)>"), ("anomalous", null, null)], reviews.Select(r => (r.GetProperty("judgement").GetString(), r.GetProperty("defect").GetString(), r.GetProperty("note").GetString())));
        Assert.All(reviews, r => Assert.Equal("anna", r.GetProperty("by").GetString()));
        Assert.Contains("burr", Programs.Run(Programs.Agent, 0, "reviews", "list", "--reviews", folder["reviews"]).Output, StringComparison.Ordinal);
        Programs.Run(Programs.Agent, 0, "reviews", "export", "--reviews", folder["reviews"], "--model", "flange", "--out", folder["exported"]);
        Assert.Equal(["anomalous", "burr"], Directory.EnumerateDirectories(folder["exported"]).Select(d => Path.GetFileName(d)).Order());

        JsonElement whatIf = seen.GetProperty("whatIf");
        Assert.Matches(@"Rejected\d+ \([\d.]+ %\)(\d+) \(100.00 %\)", whatIf.GetProperty("all").GetString());
        Assert.Matches(@"Rejected\d+ \([\d.]+ %\)0 \(0.00 %\)", whatIf.GetProperty("none").GetString());
        Assert.Matches(@"Rejected(\d+) .*Accepted\d+0.*Other verdicts than now0\d+", whatIf.GetProperty("all").GetString());
        Assert.Contains("edge-trainer calibrate --package models/flange --threshold", whatIf.GetProperty("how").GetString(), StringComparison.Ordinal);
        using JournalFile journal = JournalFile.Open(folder["journal.db"]);
        JsonElement[] events = [.. journal.After(0).Where(e => e.Kind == JournalKind.Event).Select(e => JsonDocument.Parse(e.Record).RootElement)];
        Assert.Equal(["model-running 1", "model-running 2"], events.Where(e => e.GetProperty("event").GetString() == "model-running").Select(e => $"model-running {e.GetProperty("version")}"));   // looking and trying changed nothing
        Assert.Equal(("anna on the page", "tried on the page"), events.Last(e => e.GetProperty("event").GetString() == "model-running") is var last ? (last.GetProperty("by").GetString(), last.GetProperty("why").GetString()) : default);
        Assert.Matches(@"Version 2 watches on cam1.*parts seen by both", seen.GetProperty("shadow").GetString());
    }
}
