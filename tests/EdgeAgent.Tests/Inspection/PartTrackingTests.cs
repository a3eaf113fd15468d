using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
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
    private readonly HttpListener camera = new();
    private readonly int port = Ports.Free();
    private readonly ConcurrentQueue<TaskCompletionSource> slow = new();   // the next pictures come when these say so
    private volatile int scene;
    private int asked;

    public PartTrackingTests()
    {
        camera.Prefixes.Add($"http://127.0.0.1:{port}/");
        camera.Start();
        _ = ServeAsync();
    }

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
        agent.StationOptions.Source = new SourceOptions { Kind = SourceKind.Http, Url = $"http://127.0.0.1:{port}/", ReconnectMs = 100 };
        await agent.StartWithModelAsync(TinyGraph.Write(work: 60));   // slower than the camera
        await plc.HearAsync("status", h => h["ready"] == "true");

        // How many are decided otherwise depends on the machine: on until there are enough of each.
        int most = 0, parts = 0;
        bool Enough() => plc.All("verdict").Count(v => v["verdict"] != "uninspected") >= 15 && plc.All("verdict").Any(v => v["reason"] == "deadline") && most > 2;
        for (int i = 0; i < 200 && !Enough(); i++, parts++)
        {
            if (i % 10 != 9) await plc.UntilAsync(() => i - plc.All("verdict").Count < capacity - 1, "room for one more");   // else perhaps one too many
            scene = BrightnessOf(i);
            // Some must be decided while they wait for the model.
            await plc.TriggerAsync($"job-{i}", $$""","partId":"part-{{i}}"{{(i % 5 == 4 ? ""","deadlineMs":40""" : "")}}""");
            await plc.UntilAsync(() => plc.All("acquired").Concat(plc.All("verdict")).Any(h => h["jobId"] == $"job-{i}"), $"job-{i} may move");
            most = Math.Max(most, (int)agent.Station.Ledger.Awaiting);
        }
        scene = 255;
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
        agent.StationOptions.Source = new SourceOptions { Kind = SourceKind.Http, Url = $"http://127.0.0.1:{port}/", ReconnectMs = 100 };
        scene = 10;
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");

        TaskCompletionSource exposed = new();
        slow.Enqueue(exposed);
        int before = Volatile.Read(ref asked);
        scene = 40;
        await plc.TriggerAsync("late", ""","deadlineMs":400""");
        await agent.UntilAsync(() => Volatile.Read(ref asked) == before + 1, "the picture is asked for");
        Assert.Equal("deadline", (await plc.VerdictAsync("late"))["reason"]);
        scene = 80;
        await plc.TriggerAsync("next");
        exposed.SetResult();   // the picture of 40 arrives now
        Assert.Equal("80", (await plc.VerdictAsync("next"))["score"]);
        Assert.Equal((2, 0), (agent.Station.Ledger.Triggers, agent.Station.Ledger.Awaiting));
    }

    private static int BrightnessOf(int part) => 20 + part;

    private async Task ServeAsync()
    {
        try
        {
            while (true) _ = AnswerAsync(await camera.GetContextAsync());
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException) { }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        byte[] picture = Pictures.Png((byte)scene);   // exposed when it is asked for
        Interlocked.Increment(ref asked);
        if (slow.TryDequeue(out TaskCompletionSource? arrives)) await arrives.Task;
        try
        {
            context.Response.Close(picture, willBlock: false);
        }
        catch (Exception e) when (e is HttpListenerException or IOException or InvalidOperationException) { }   // the client has gone
    }

    public void Dispose() => camera.Close();
}
