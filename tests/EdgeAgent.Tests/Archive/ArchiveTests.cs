using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Edge.Agent.Archive;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Imaging;
using Edge.Journal;
using Edge.Scoring;
using Edge.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Edge.Tests.Archive;

/// <summary>Pictures that somebody will want to see are kept, without loss, as long as there is room; nobody waits for it.</summary>
public sealed class ArchiveTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string[] Files(string archive) =>
        Directory.Exists(archive) ? [.. Directory.EnumerateFiles(archive, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(archive, f)).Order(StringComparer.Ordinal)] : [];

    [Fact]
    public async Task Rejects_reviews_uninspected_and_the_near_ones_are_kept_and_the_journal_says_where()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.Options.Archive = new ArchiveOptions { Enabled = true, Path = agent["archive"], AcceptedShare = 0, NearThreshold = 0.3, MinFreeMegabytes = 0 };
        // The normals' mean is 50 and the threshold 100: from 85 on a score is near; from 90 on it is a review.
        foreach ((string name, byte brightness) in new (string, byte)[] { ("1", 40), ("2", 87), ("3", 95), ("4", 200), ("5", 255) }) agent.AddPicture($"{name}.png", brightness);
        await agent.StartWithModelAsync(TinyGraph.Write(fault: BrightFault.NaN));
        await plc.HearAsync("status", h => h["version"] == "1");
        string[] jobs = ["accepted", "near", "review", "no/such:file", "nan"];
        foreach (string job in jobs)
        {
            await plc.TriggerAsync(job, ""","partId":"serial" """);
            await plc.VerdictAsync(job);
        }
        await agent.UntilAsync(() => agent.Host.Archive!.Written == 4, "four pictures");
        await agent.Host.StopAsync(Ct);

        using JournalFile journal = JournalFile.Open(agent["journal.db"]);
        JsonNode[] entries = [.. journal.Newest(JournalKind.Image, "cam1", 10).Select(e => JsonNode.Parse(e.Record)!)];
        string[] files = [.. entries.Select(e => (string)e["file"]!)];   // two of one millisecond are in another order in the folder
        Assert.Equal(Files(agent["archive"]), files.Order(StringComparer.Ordinal));
        Assert.Equal(["accept_near", "review_review", "reject_no_such_file", "uninspected_nan"], files.Select(f => Path.GetFileNameWithoutExtension(f)[(Path.GetFileName(f).IndexOf("cam1_", StringComparison.Ordinal) + 5)..]));
        Assert.All(files, f => Assert.Matches(@"^\d{4}-\d\d-\d\d/cam1/\d{8}T\d{6}\.\d{3}Z_cam1_", f));
        Assert.Equal(["near-threshold", "review", "reject", "uninspected"], entries.Select(e => (string)e["why"]!));
        Assert.All(entries, e => Assert.Equal((string)e["sha256"]!, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(agent[$"archive/{e["file"]}"])))));
        Assert.Equal(["part", "image"], journal.About("no/such:file").Select(e => e.Kind));
        Assert.Equal(9, journal.About("serial").Count());
        ImageBuffer image = new();
        ImageFile.Read(agent[$"archive/{files[2]}"], image);
        Assert.Equal(Pictures.Buffer(200).Pixels.ToArray(), image.Pixels.ToArray());
    }

    [Theory]
    [InlineData(1.0, 40)]
    [InlineData(0.0, 0)]
    public async Task All_or_none_of_the_accepted_are_kept(double share, int kept)
    {
        await using TestAgent agent = new();
        agent.Options.Archive = new ArchiveOptions { Enabled = true, Path = agent["archive"], AcceptedShare = share, MinFreeMegabytes = 0 };
        agent.StationOptions.QueueCapacity = 1;
        for (int i = 0; i < 40; i++) agent.AddPicture($"{i:00}.png", (byte)(20 + i));
        await agent.StartWithModelAsync(TinyGraph.Write(work: 20));
        await agent.UntilAsync(() => agent.Station.Ledger.Count(Verdict.Accept) == 40, "40 parts");
        await agent.Host.StopAsync(Ct);
        Assert.Equal(kept, agent.Host.Archive!.Written + agent.Host.Archive.Dropped);
        Assert.Equal(agent.Host.Archive.Written, Files(agent["archive"]).Length);
    }

    [Fact]
    public async Task A_full_disk_costs_pictures_and_no_verdict()
    {
        using SmallDisk disk = new(256);
        File.WriteAllBytes(disk["ballast"], new byte[255 * 1024]);
        await using TestAgent agent = new();
        agent.Options.Archive = new ArchiveOptions { Enabled = true, Path = disk["archive"], MinFreeMegabytes = 0 };
        for (int i = 0; i < 5; i++) agent.AddPicture($"{i}.png", 200);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Station.Ledger.Count(Verdict.Reject) == 5 && agent.Host.Archive!.Failed == 5, "five verdicts, no picture");
        Assert.Empty(Files(disk["archive"]));
        Assert.Single(agent.Log, l => l.StartsWith("Error: the archive", StringComparison.Ordinal));
        File.Delete(disk["ballast"]);
        agent.AddPicture("5.png", 200);
        await agent.UntilAsync(() => agent.Host.Archive!.Written == 1, "there is room again");
        Assert.Single(Files(disk["archive"]));
        Assert.Equal(0, agent.Station.Ledger.Awaiting);
    }

    [Fact]
    public async Task Space_that_is_to_stay_free_stays_free()
    {
        using SmallDisk disk = new(4096);
        await using TestAgent agent = new();
        agent.Options.Archive = new ArchiveOptions { Enabled = true, Path = disk["archive"], MinFreeMegabytes = 3 };
        Directory.CreateDirectory(disk["archive/2020-01-01/cam1"]);
        foreach (string old in (string[])["a", "b"]) File.WriteAllBytes(disk[$"archive/2020-01-01/cam1/{old}.png"], new byte[800_000]);
        agent.Options.Archive.KeepDays = 36_500;
        agent.AddPicture("1.png", 200);
        await agent.StartWithModelAsync();
        await agent.UntilAsync(() => agent.Host.Archive!.Written == 1, "a picture");
        Assert.Equal(1, agent.Host.Archive!.Removed);
        Assert.Contains("2020-01-01/cam1/b.png", Files(disk["archive"]));
        File.WriteAllBytes(disk["others"], new byte[2_500_000]);   // what somebody else takes costs all our pictures, and no more come
        agent.AddPicture("2.png", 200);
        await agent.UntilAsync(() => agent.Host.Archive.Failed == 1, "no room");
        Assert.Empty(Files(disk["archive"]));
        Assert.Equal(2, agent.Station.Ledger.Count(Verdict.Reject));
    }

    [Fact]
    public void The_oldest_go_first_and_half_written_ones_at_the_start()
    {
        using TempFolder temp = new();
        ArchiveFolder archive = new(temp["archive"]);
        foreach (string name in (string[])["2026-11-21/cam1/1", "2026-11-22/cam2/2", "2026-11-22/cam1/3", "2026-11-23/cam1/4"]) archive.Write($"{name}.png", new byte[1000]);
        File.WriteAllBytes(temp["archive/2026-11-23/cam1/5.png.part"], new byte[500]);
        File.WriteAllText(temp["archive/notes.txt"], "not ours");
        ArchiveFolder again = new(temp["archive"]);
        Assert.Equal(4000, again.Bytes);
        Assert.Equal(1, again.RemoveBefore(new DateOnly(2026, 11, 22)));
        Assert.Equal(["2026-11-22/cam1/3.png", "2026-11-22/cam2/2.png", "2026-11-23/cam1/4.png", "notes.txt"], Files(temp["archive"]));
        Assert.False(Directory.Exists(temp["archive/2026-11-21"]));
        Assert.Equal(1, again.RemoveUntil(() => again.Bytes <= 2000));
        Assert.Equal(["2026-11-22/cam1/3.png", "2026-11-23/cam1/4.png", "notes.txt"], Files(temp["archive"]));
        again.Write("2026-11-23/cam1/4.png", new byte[10]);
        Assert.Equal(2, again.RemoveUntil(() => false));
    }

    [Fact]
    public void What_does_not_fit_into_the_queue_is_dropped_and_its_frame_stays_with_the_part()
    {
        using TempFolder temp = new();
        ArchiveWriter archive = new(new ArchiveOptions { Path = temp["archive"], MinFreeMegabytes = 0 }, null, TimeProvider.System, NullLogger.Instance);   // its thread does not run
        for (int i = 0; i < 10; i++)
        {
            Job job = new($"{i}", null, null, null, 0) { Frame = new Agent.Capture.Frame(), CapturedAt = DateTimeOffset.UnixEpoch };
            job.TryDecide(new InspectionResult { Verdict = Verdict.Reject, DecidedAt = 0 });
            Agent.Capture.Frame before = job.Frame;
            archive.Offer("cam1", job, null);
            Assert.NotNull(job.Frame);
            Assert.Equal(i >= 8, ReferenceEquals(before, job.Frame));
        }
        Assert.Equal(2, archive.Dropped);
    }
}
