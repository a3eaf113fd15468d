using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Edge.Journal;
using Edge.Packages;
using Xunit;

namespace Edge.Tests;

/// <summary>A running line is copied and comes back elsewhere.</summary>
public sealed partial class BackupTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly string config;
    private readonly int port = Ports.Free();

    public BackupTests(TrainedLine line)
    {
        Programs.Run("/bin/cp", 0, "-r", line.Models, folder["models"]);
        config = Configure(folder.Path);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_running_line_comes_back_on_another_machine_and_goes_on()
    {
        string file = folder["line.tar.gz"];
        using (RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", config))
        {
            WaitForParts(folder.Path, 20);
            await ReviewAsync();
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(folder["state"]).FullName, "station1.paused"), "paused\n");
            Programs.Run(Programs.Agent, 0, "backup", "--config", config, "--pictures", file);
            Assert.Contains("stop it first", Programs.Run(Programs.Agent, 1, "restore", "--config", config, "--replace", file).Error, StringComparison.Ordinal);
            agent.Signal(15);
            Assert.Equal(0, agent.Wait().ExitCode);
        }
        File.Delete(folder["state/station1.paused"]);

        string other = Directory.CreateDirectory(folder["other"]).FullName, there = Configure(other);
        Programs.Run(Programs.Agent, 0, "restore", "--config", there, file);
        Assert.Equal("paused\n", File.ReadAllText(Path.Combine(other, "state/station1.paused")));
        Assert.Contains("\"dent\"", Programs.Run(Programs.Agent, 0, "reviews", "list", "--json", "--reviews", Path.Combine(other, "reviews")).Output, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(Path.Combine(other, "reviews/pictures/flange/dent")));
        Assert.Equal(1, new PackageStore(Path.Combine(other, "models")).Current("flange"));
        Assert.Equal(PictureFiles(folder.Path).Order().Take(5), PictureFiles(other).Order().Take(5));
        Assert.NotEmpty(PictureFiles(other));
        long last;
        using (JournalFile before = JournalFile.Open(folder["journal.db"]), restored = JournalFile.Open(Path.Combine(other, "journal.db")))
        {
            last = restored.Last;
            Assert.InRange(last, 20, before.Last);
            Assert.Equal(before.After(0).Take((int)last).Select(e => Convert.ToHexString(e.Hash)), restored.After(0).Select(e => Convert.ToHexString(e.Hash)));
            Assert.NotEqual(before.Id, restored.Id);   // historians must not take its next numbers for the original's
        }

        File.Delete(Path.Combine(other, "state/station1.paused"));
        using (RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", there))
        {
            WaitForParts(other, last + 5);
            agent.Signal(15);
            Assert.Equal(0, agent.Wait().ExitCode);
        }
        Programs.Run(Programs.Agent, 0, "journal", "verify", "--journal", Path.Combine(other, "journal.db"));

        // Something is there now.
        Assert.Contains("is there already", Programs.Run(Programs.Agent, 1, "restore", "--config", there, file).Error, StringComparison.Ordinal);
        Programs.Run(Programs.Agent, 0, "restore", "--config", there, "--replace", file);
        using (JournalFile again = JournalFile.Open(Path.Combine(other, "journal.db"))) Assert.Equal(last, again.Last);
        string kept = Assert.Single(Directory.EnumerateFiles(other), f => Kept().IsMatch(f));
        using (JournalFile replaced = JournalFile.Open(kept)) Assert.True(replaced.Last >= last + 5);
    }

    [Fact]
    public void A_backup_that_is_damaged_or_was_meddled_with_changes_nothing()
    {
        using (RunningProgram agent = Programs.Start(Programs.Agent, "run", "--config", config))
        {
            WaitForParts(folder.Path, 5);
            agent.Signal(15);
            agent.Wait();
        }
        string file = folder["line.tar.gz"], other = Directory.CreateDirectory(folder["other"]).FullName, there = Configure(other);
        Programs.Run(Programs.Agent, 0, "backup", "--config", config, file);
        byte[] whole = File.ReadAllBytes(file);
        Refused("cannot be restored", whole[..(whole.Length / 2)]);
        Refused("cut off", Rewritten(whole, (e, data) => e.Name == "end" ? [] : [(e.Name, data)]));
        Refused("cannot be restored", [.. Encoding.UTF8.GetBytes("no backup"), .. whole]);
        Refused("no backup does", Rewritten(whole, (e, data) => e.Name == "journal.db" ? [("../../outside", data), (e.Name, data)] : [(e.Name, data)]));
        Refused("no backup does", Rewritten(whole, (e, data) => e.Name == "journal.db" ? [("models/flange/../../x", data), (e.Name, data)] : [(e.Name, data)]));
        Refused("already exists", Rewritten(whole, (e, data) => e.Name == "journal.db" ? [(e.Name, data), (e.Name, data)] : [(e.Name, data)]));
        Refused("is refused", Rewritten(whole, (e, data) => [(e.Name, e.Name.EndsWith("model.onnx", StringComparison.Ordinal) ? [.. data[..^1], (byte)(data[^1] ^ 1)] : data)]));
        Refused("differ about the journal", Rewritten(whole, (e, data) => e.Name == "journal.db" ? [] : [(e.Name, data)]));
        Refused("not a backup that this build", Rewritten(whole, (e, data) => [(e.Name, e.Name == "backup.json" ? Encoding.UTF8.GetBytes("""{"schemaVersion":1,"rm":"-rf"}""") : data)]));
        Refused("entry", Rewritten(whole, (e, data) => [(e.Name, e.Name == "backup.json" ? Encoding.UTF8.GetBytes(Last().Replace(Encoding.UTF8.GetString(data), "\"last\": 1,")) : data)]));
        File.WriteAllBytes(file, whole);
        Programs.Run(Programs.Agent, 0, "restore", "--config", there, file);

        void Refused(string why, byte[] content)
        {
            File.WriteAllBytes(file, content);
            Assert.Contains(why, Programs.Run(Programs.Agent, 1, "restore", "--config", there, file).Error, StringComparison.Ordinal);
            Assert.Equal([there], Directory.EnumerateFileSystemEntries(other));
        }
    }

    [Fact]
    public void A_backup_that_cannot_be_written_leaves_nothing()
    {
        Assert.Contains("cannot be written", Programs.Run(Programs.Agent, 1, "backup", "--config", config, folder["absent/line.tar.gz"]).Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["absent"]));
    }

    private static byte[] Rewritten(byte[] backup, Func<TarEntry, byte[], IEnumerable<(string Name, byte[] Data)>> change)
    {
        using MemoryStream result = new();
        using (GZipStream zip = new(result, CompressionLevel.Fastest, leaveOpen: true))
        using (TarWriter writer = new(zip, TarEntryFormat.Pax))
        using (TarReader reader = new(new GZipStream(new MemoryStream(backup), CompressionMode.Decompress)))
            while (reader.GetNextEntry() is { } entry)
            {
                using MemoryStream data = new();
                entry.DataStream?.CopyTo(data);
                foreach ((string name, byte[] content) in change(entry, data.ToArray()))
                    writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        return result.ToArray();
    }

    private static void WaitForParts(string place, long parts)
    {
        string path = Path.Combine(place, "journal.db");
        Assert.True(SpinWait.SpinUntil(() => File.Exists(path) && LastOf(path) >= parts, TimeSpan.FromSeconds(60)), $"{parts} parts in {path}");
    }

    private static long LastOf(string path)
    {
        try
        {
            using JournalFile journal = JournalFile.Open(path);
            return journal.Last;
        }
        catch (EdgeException)
        {
            return 0;   // being made
        }
    }

    private static IEnumerable<string> PictureFiles(string place) => Directory.EnumerateFiles(Path.Combine(place, "archive"), "*.png", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(place, f));

    /// <summary>The newest part that has a picture is said to be dented.</summary>
    private async Task ReviewAsync()
    {
        File.WriteAllText(folder["tokens"], "anna 0123456789abcdef\n");
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        http.DefaultRequestHeaders.Authorization = new("Bearer", "0123456789abcdef");
        http.DefaultRequestHeaders.Add("X-Edge-Request", "1");
        using JsonDocument queue = JsonDocument.Parse(await http.GetStringAsync(new Uri("/api/reviews/queue", UriKind.Relative), TestContext.Current.CancellationToken));
        long entry = queue.RootElement.GetProperty("parts")[0].GetProperty("part").GetProperty("seq").GetInt64();
        using StringContent review = new($$"""{"entry":{{entry}},"judgement":"anomalous","defect":"dent"}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await http.PostAsync(new Uri("/api/reviews", UriKind.Relative), review, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private string Configure(string place)
    {
        string file = Path.Combine(place, "line.json");
        File.WriteAllText(file, $$"""
            { "Edge": { "Models": "{{place}}/models", "State": "{{place}}/state", "Http": { "Port": {{port}}, "TokenFile": "{{folder["tokens"]}}" }, "Mqtt": { "Enabled": false },
              "Journal": { "Path": "{{place}}/journal.db" }, "Archive": { "Enabled": true, "Path": "{{place}}/archive", "AcceptedShare": 1 }, "Reviews": { "Path": "{{place}}/reviews" },
              "Stations": { "station1": { "Source": { "Kind": "Synthetic", "Width": 640, "Height": 512 }, "Trigger": { "Mode": "Interval", "Interval": "00:00:00.1" }, "Model": "flange" } } } }
            """);
        return file;
    }

    [GeneratedRegex(@"journal\.db\.replaced-\d{8}T\d{6}Z$")]
    private static partial Regex Kept();

    [GeneratedRegex("\"last\": \\d+,")]
    private static partial Regex Last();
}
