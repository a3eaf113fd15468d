using System.Globalization;
using Edge.Agent.Configuration;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Inspection;

/// <summary>
/// Several parts between trigger and verdict. In front of an HTTP camera stands a scene whose brightness is the part's own: the score of each verdict says whose picture was
/// inspected. The line keeps the contract: the part stays until <c>acquired</c>, or until its verdict.
/// </summary>
public sealed class PartTrackingTests : IDisposable
{
    private readonly SceneCamera camera = new(brightness: 10);

    [Fact]
    public async Task Every_verdict_carries_its_own_parts_picture()
    {
        const int capacity = 8;
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.QueueCapacity = capacity;
        agent.StationOptions.Heatmaps = new HeatmapOptions { For = HeatmapFor.All, MaxPerSecond = 1000 };
        agent.Options.Archive = new ArchiveOptions { Enabled = true, Path = agent["archive"], AcceptedShare = 1, MinFreeMegabytes = 0 };
        agent.StationOptions.Source = camera.Source;
        await agent.StartWithModelAsync(TinyGraph.Write(work: 60));   // slower than the camera
        await plc.HearAsync("status", h => h["ready"] == "true");

        // How many are decided otherwise depends on the machine: on until there are enough of each.
        int most = 0, parts = 0;
        bool Enough() => plc.All("verdict").Count(v => v["verdict"] != "uninspected") >= 15 && plc.All("verdict").Any(v => v["reason"] == "deadline") && most > 2;
        for (int i = 0; i < 200 && !Enough(); i++, parts++)
        {
            if (i % 10 != 9) await plc.UntilAsync(() => i - plc.All("verdict").Count < capacity - 1, "room for one more");   // else perhaps one too many
            camera.Scene = BrightnessOf(i);
            // Some must be decided while they wait for the model.
            await plc.TriggerAsync($"job-{i}", $$""","partId":"part-{{i}}"{{(i % 5 == 4 ? ""","deadlineMs":40""" : "")}}""");
            await plc.UntilAsync(() => plc.All("acquired").Concat(plc.All("verdict")).Any(h => h["jobId"] == $"job-{i}"), $"job-{i} may move");
            most = Math.Max(most, (int)agent.Station.Ledger.Awaiting);
        }
        camera.Scene = 255;
        await plc.UntilAsync(() => plc.All("verdict").Count >= parts, "every verdict");

        Assert.Equal(Enumerable.Range(0, parts).Select(i => $"job-{i}").Order(), plc.All("verdict").Select(v => v["jobId"]!).Order());
        Assert.All(plc.All("verdict"), v =>
        {
            int i = int.Parse(v["jobId"]!.Split('-')[1], CultureInfo.InvariantCulture);
            Assert.Equal($"part-{i}", v["partId"]);
            if (v["verdict"] != "uninspected") Assert.Equal(BrightnessOf(i), float.Parse(v["score"]!, CultureInfo.InvariantCulture));
            else Assert.Contains(v["reason"], (string[])["overload", "deadline"]);
        });
        Assert.True(Enough(), $"at most {most} under way: the test did not get there");

        // What a person sees is the part's as well: an overlay of an evenly gray part, and the camera's frame.
        await agent.UntilAsync(() => agent.Host.Archive!.Written + agent.Host.Archive.Dropped >= 15, "the archive");
        string[] kept = [.. Directory.EnumerateFiles(agent["archive"], "*job-*", SearchOption.AllDirectories)];
        Assert.NotEmpty(kept);
        Imaging.ImageBuffer picture = new();
        foreach (string file in kept.Where(f => Imaging.ImageFile.HasImageExtension(f)))
        {
            Imaging.ImageFile.Read(file, picture);
            int i = int.Parse(System.Text.RegularExpressions.Regex.Match(Path.GetFileName(file), @"job-(\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
            Assert.Equal(BrightnessOf(i), picture.Pixels[0]);
        }
    }

    [Fact]
    public async Task A_picture_that_comes_too_late_for_its_part_does_not_become_the_next_parts()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source = camera.Source;
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");

        TaskCompletionSource arrives = camera.HoldNext();
        int before = camera.Asked;
        camera.Scene = 40;
        await plc.TriggerAsync("late", ""","deadlineMs":400""");
        await agent.UntilAsync(() => camera.Asked == before + 1, "the picture is asked for");
        Assert.Equal("deadline", (await plc.VerdictAsync("late"))["reason"]);
        camera.Scene = 80;
        await plc.TriggerAsync("next");
        arrives.SetResult();   // the picture of 40 arrives now
        Assert.Equal("80", (await plc.VerdictAsync("next"))["score"]);
        Assert.Equal((2, 0), (agent.Station.Ledger.Triggers, agent.Station.Ledger.Awaiting));
    }

    private static int BrightnessOf(int part) => 20 + part;

    public void Dispose() => camera.Dispose();
}
