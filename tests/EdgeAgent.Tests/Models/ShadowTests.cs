using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Agent.Shadow;
using Edge.Imaging;
using Edge.Journal;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Support;
using Xunit;

namespace Edge.Tests.Models;

public sealed class ShadowTests
{
    /// <summary>Pictures 40, 80, 95, 120 (their brightness is version 1's score) in turn.</summary>
    private static readonly byte[] Brightness = [40, 80, 95, 120];

    private static async Task<(TestAgent Agent, Plc Plc)> StartAsync(TestBroker broker, params byte[] pictures)
    {
        Plc plc = await Plc.ConnectAsync(broker);
        TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        for (int i = 0; i < pictures.Length; i++) agent.AddPicture($"{i}.png", pictures[i]);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        return (agent, plc);
    }

    private static async Task<Heard> InspectAsync(Plc plc, string job)
    {
        await plc.TriggerAsync(job, $$""","partId":"p-{{job}}" """);
        return await plc.VerdictAsync(job);
    }

    /// <summary>One part after the other, each seen by both.</summary>
    private static async Task<List<Heard>> CompareAsync(TestAgent agent, Plc plc, string name, int count)
    {
        List<Heard> verdicts = [];
        for (int i = 0; i < count; i++)
        {
            long before = Seen(agent);
            verdicts.Add(await InspectAsync(plc, $"{name}-{i}"));
            await agent.UntilAsync(() => Seen(agent) == before + 1, "the shadow has seen it");
        }
        return verdicts;
    }

    private static long Seen(TestAgent agent) => (from a in Enum.GetValues<Verdict>() from b in Enum.GetValues<Verdict>() select agent.Station.Shadow.Books.Seen(a, b)).Sum();

    private static Verdict Decide(float score) => score >= 100 ? Verdict.Reject : score >= 90 ? Verdict.Review : Verdict.Accept;

    [Fact]
    public async Task What_it_would_have_said_is_counted_as_the_verdicts_and_its_own_scores_say_it_and_outlives_a_restart()
    {
        const float bias = 15;
        await using TestBroker broker = await TestBroker.StartNewAsync();
        (TestAgent agent, Plc plc) = await StartAsync(broker, Brightness);
        await using (plc)
        await using (agent)
        {
            TestModels.Publish(agent.Models, TinyGraph.Write(bias: bias), setCurrent: false);
            Heard done = await plc.RequestAsync("""{"command":"shadow","version":2,"why":"new lamp"}""");
            Assert.Equal(("true", "1"), (done["ok"], done["version"]));
            await plc.HearAsync("model", h => h.Json["shadow"] is { } s && (int)s["version"]! == 2 && (string)s["state"]! == "running");
            List<Heard> verdicts = await CompareAsync(agent, plc, "first", 10);

            // An independent count, from what the PLC heard and what version 2 adds to a score.
            (Verdict, Verdict)[] pairs = [.. verdicts.Select(v => ((float)v.Json["score"]! is var s ? (Decide(s), Decide(s + bias)) : default))];
            Assert.All(verdicts.Zip(pairs), p => Assert.Equal(p.Second.Item1.ToString(), p.First["verdict"], ignoreCase: true));
            Assert.All(verdicts, v => Assert.Equal("1", v["version"]));
            ShadowReport report = await ReportAsync(agent);
            Check(report, verdicts, pairs, bias);
            Assert.Equal(new ShadowPair("cam1", null, TestModels.Name, 1, 2, 100, 100), report.Pair);
            Assert.Equal(0, report.Missed);
            Assert.InRange(report.Candidate.MeanMs, double.Epsilon, report.Candidate.LongestMs);

            await agent.RestartAsync();
            await agent.UntilAsync(() => agent.Station.Shadow.Status.State == ModelState.Running, "the shadow again");
            await plc.UntilAsync(() => plc.All("status").Count(h => h["ready"] == "true") > 1, "ready again");
            verdicts.AddRange(await CompareAsync(agent, plc, "second", 6));
            Check(await ReportAsync(agent), verdicts, [.. verdicts.Select(v => (float)v.Json["score"]! is var s ? (Decide(s), Decide(s + bias)) : default)], bias);

            // Another running version is another comparison; the candidate stays.
            TestModels.Publish(agent.Models, TinyGraph.Write(bias: 1));
            await agent.UntilAsync(() => agent.Station.Inspector.Model is { Version: 3 }, "version 3");
            Assert.Equal(("3", 1L), ((await CompareAsync(agent, plc, "third", 1))[0]["version"], (await ReportAsync(agent)).Parts));

            // Promoted: it decides, and is no shadow any more.
            Assert.Equal("true", (await plc.RequestAsync("""{"command":"activate","version":2}"""))["ok"]);
            await plc.UntilAsync(() => plc.All("model")[^1] is var h && h["version"] == "2" && h.Json["shadow"] is null, "version 2, no shadow");
            Assert.Equal("2", (await InspectAsync(plc, "promoted"))["version"]);
            PackageStore store = new(agent.Models);
            Assert.Null(store.Shadow(TestModels.Name));
            Assert.Equal([(null, 2, "command to line1/cam1", "new lamp"), (2, 0, "command to line1/cam1", "it is current")],
                store.History(TestModels.Name).Where(a => a.Role == Activation.Shadow).Select(a => (a.From, a.To, a.By, a.Why)));

            await agent.Host.StopAsync(TestContext.Current.CancellationToken);
            using JournalFile journal = JournalFile.Open(agent["journal.db"]);
            JsonNode[] events = [.. journal.After(0).Where(e => e.Kind == JournalKind.Event).Select(e => JsonNode.Parse(e.Record)!).Where(e => ((string)e["event"]!).StartsWith("shadow", StringComparison.Ordinal))];
            Assert.Equal(["shadow-running", "shadow-running", "shadow-ended"], events.Select(e => (string)e["event"]!));
            Assert.Equal((2, 1, "command to line1/cam1", "new lamp"), ((int)events[0]["version"]!, (int)events[0]["from"]!, (string)events[0]["by"]!, (string)events[0]["why"]!));
            Assert.Equal(("it is current; 1 parts, the same verdict for 0", "command to line1/cam1"), ((string)events[2]["why"]!, (string)events[2]["by"]!));
        }
    }

    /// <summary>As anybody reads it over HTTP.</summary>
    private static async Task<ShadowReport> ReportAsync(TestAgent agent)
    {
        using HttpClient http = new();
        string json = await http.GetStringAsync(new Uri(agent.Host.Address, "/api/shadow"), TestContext.Current.CancellationToken);
        return Assert.Single(JsonSerializer.Deserialize(json, ShadowJson.Default.IReadOnlyListShadowView)!).Report!;
    }

    private static void Check(ShadowReport report, List<Heard> verdicts, (Verdict, Verdict)[] pairs, float bias)
    {
        Assert.Equal((pairs.Length, pairs.Count(p => p.Item1 == p.Item2)), (report.Parts, report.Same));
        Assert.Equal(pairs.GroupBy(p => p).Select(g => (g.Key, (long)g.Count())).OrderBy(g => g.Key), report.Verdicts.Select(v => ((v.Running, v.Candidate), v.Parts)).OrderBy(g => g.Item1));
        // Both have normals 40, 50, 60 and threshold 100: position = (score − 50) / 50.
        double[] positions = [.. verdicts.Select(v => ((float)v.Json["score"]! - 50) / 50.0)];
        double mean = positions.Average(), deviation = Math.Sqrt(positions.Average(p => (p - mean) * (p - mean)));
        Assert.Equal(pairs.Length, report.Scores.Parts);
        Assert.Equal(mean, report.Scores.RunningMean, 1e-9);
        Assert.Equal(deviation, report.Scores.RunningDeviation, 1e-9);
        Assert.Equal(deviation, report.Scores.CandidateDeviation, 1e-6);
        Assert.Equal(bias / 50, report.Scores.Shift, 1e-6);
        Assert.Equal(1, report.Scores.Correlation!.Value, 1e-6);
        List<(string?, float, float)> different = [.. verdicts.Zip(pairs).Where(p => p.Second.Item1 != p.Second.Item2).Select(p => (p.First["jobId"], (float)p.First.Json["score"]!, (float)p.First.Json["score"]! + bias))];
        Assert.Equal(different.Order(), report.Disagreements.Select(d => ((string?)d.JobId, d.Score, d.CandidateScore)).Order());
        Assert.All(report.Disagreements, d => Assert.Equal(bias / 50, d.Distance!.Value, 1e-6));
        Assert.All(report.Disagreements, d => Assert.Equal("p-" + d.JobId, d.PartId));
    }

    [Fact]
    public async Task A_shadow_that_is_busy_misses_parts_and_holds_up_no_verdict()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        (TestAgent agent, Plc plc) = await StartAsync(broker, 40);
        await using (plc)
        await using (agent)
        {
            // Stalls on the picture that is brighter than 250: it is busy until it is stopped, after an hour.
            agent.Options.Shadow.StallSeconds = 3600;
            TestModels.Publish(agent.Models, TinyGraph.Write(fault: BrightFault.Stall), setCurrent: false);
            await plc.RequestAsync("""{"command":"shadow","version":2}""");
            await CompareAsync(agent, plc, "seen", 1);
            agent.AddPicture("0.png", 255);
            while ((float)(await InspectAsync(plc, $"bright-{Guid.NewGuid():N}")).Json["score"]! < 250) { }   // the folder's picture changes
            long seen = Seen(agent), missed = agent.Station.Shadow.Books.Missed;
            for (int i = 0; i < 50; i++) Assert.Equal(("reject", "1"), (await InspectAsync(plc, $"busy-{i}") is var v ? (v["verdict"], v["version"]) : default));
            Assert.Equal((seen, missed + 50), (Seen(agent), agent.Station.Shadow.Books.Missed));
            Assert.Equal((0, 0), (agent.Station.Ledger.Awaiting, agent.Station.Ledger.Count(Verdict.Uninspected)));

            // Told to end, it does, although it is in the middle of a part.
            Assert.Equal("true", (await plc.RequestAsync("""{"command":"shadow","why":"enough"}"""))["ok"]);
            await plc.UntilAsync(() => plc.All("model")[^1].Json["shadow"] is null, "no shadow");
            await agent.UntilAsync(() => !Threads().Any(t => t.Name == "cam1 shadow"), "its thread has ended");
        }
    }

    [Theory]
    [InlineData(BrightFault.Throw, "indices element out of data bounds")]
    [InlineData(BrightFault.NaN, "is NaN")]
    [InlineData(BrightFault.Stall, "did not answer for one part within 1 seconds")]
    public async Task A_shadow_that_fails_on_a_part_is_refused_and_what_runs_goes_on(BrightFault fault, string reason)
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.Options.Shadow.StallSeconds = 1;
        agent.AddPicture("1.png", 255);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        TestModels.Publish(agent.Models, TinyGraph.Write(fault: fault), setCurrent: false);
        PackageStore store = new(agent.Models);
        store.SetShadow(TestModels.Name, 2, "somebody", "try it");
        await agent.UntilAsync(() => agent.Station.Shadow.Status.State == ModelState.Running, "the shadow");
        Assert.Equal("reject", (await InspectAsync(plc, "bright"))["verdict"]);
        Heard refused = await plc.HearAsync("model", h => h.Json["shadow"] is { } s && (string)s["state"]! == "refused");
        Assert.Contains(reason, (string)refused.Json["shadow"]!["reason"]!, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(("running", "1"), (refused["state"], refused["version"]));
        Assert.Equal(("reject", "1"), (await InspectAsync(plc, "after") is var v ? (v["verdict"], v["version"]) : default));
        await agent.UntilAsync(() => !Threads().Any(t => t.Name == "cam1 shadow"), "its thread has ended");
        Assert.Equal((1L, 0L), (agent.Station.Shadow.Refusals, Seen(agent)));

        // It is tried again when somebody names it again, and ends when another version is.
        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 1), setCurrent: false);
        store.SetShadow(TestModels.Name, 3);
        await agent.UntilAsync(() => agent.Station.Shadow.Status == new ModelStatus(ModelState.Running, 3, null), "another shadow");
        await agent.Host.StopAsync(TestContext.Current.CancellationToken);
        using JournalFile journal = JournalFile.Open(agent["journal.db"]);
        Assert.Contains(journal.After(0), e => e.Kind == JournalKind.Event && e.Record.Contains("shadow-refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_candidate_that_does_not_prove_itself_is_refused_by_command_and_by_file_and_a_running_shadow_stays()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        (TestAgent agent, Plc plc) = await StartAsync(broker, 40);
        await using (plc)
        await using (agent)
        {
            TestModels.Publish(agent.Models, TinyGraph.Write(bias: 1), setCurrent: false);
            TestModels.Publish(agent.Models, TinyGraph.Write(bias: 2), expectedScore: 77, setCurrent: false);
            PackageStore store = new(agent.Models);
            Assert.Equal("true", (await plc.RequestAsync("""{"command":"shadow","version":2}"""))["ok"]);
            foreach ((int version, string reason) in new[] { (3, "expected 77"), (1, "a shadow is another version"), (9, "There is no package") })
            {
                Heard refused = await plc.RequestAsync($$"""{"command":"shadow","version":{{version}}}""");
                Assert.Equal("false", refused["ok"]);
                Assert.Contains(reason, refused["reason"], StringComparison.Ordinal);
                Assert.Equal((2, new ModelStatus(ModelState.Running, 2, null)), (store.Shadow(TestModels.Name), agent.Station.Shadow.Status));
            }
            await CompareAsync(agent, plc, "still", 1);
            store.SetShadow(TestModels.Name, 3);
            await agent.UntilAsync(() => agent.Station.Shadow.Status is { State: ModelState.Refused, Aspired: 3 }, "refused");
            File.WriteAllText(Path.Combine(agent.Models, TestModels.Name, "shadow"), "latest\n");
            await agent.UntilAsync(() => agent.Station.Shadow.Status is { State: ModelState.Refused, Aspired: null, Refusal: { } why } && why.Contains("must hold one version number", StringComparison.Ordinal), "garbage");
            store.SetShadow(TestModels.Name, null);
            await agent.UntilAsync(() => agent.Station.Shadow.Status.State == ModelState.None, "none");
        }
    }

    [Fact]
    public async Task While_a_candidate_stalls_in_its_own_process_the_line_goes_on_and_what_has_proved_itself_waits_for_nothing()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.Options.Proof = new Agent.Configuration.ProofOptions { Seconds = 3600, MemoryMb = 1024 };
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        TestModels.Publish(agent.Models, TinyGraph.Write(trap: Trap.Stalls), expectedScore: 40, setCurrent: false);
        new PackageStore(agent.Models).SetShadow(TestModels.Name, 2);
        await plc.HearAsync("model", h => h.Json["shadow"] is { } s && (string)s["state"]! == "loading");
        Assert.Equal("1", (await InspectAsync(plc, "meanwhile"))["version"]);
        await agent.UntilAsync(() => Process.GetProcessesByName("edge-agent").Any(p => Arguments(p).Contains(agent.Models, StringComparison.Ordinal)), "its process");
        Assert.Equal("true", (await plc.RequestAsync("""{"command":"self-test"}"""))["ok"]);   // loads the running one once more, as a roll back would
        Assert.Equal(ModelState.Loading, agent.Station.Shadow.Status.State);
        Assert.Equal("true", (await plc.RequestAsync("""{"command":"shadow"}"""))["ok"]);
        await agent.UntilAsync(() => !Process.GetProcessesByName("edge-agent").Any(p => Arguments(p).Contains(agent.Models, StringComparison.Ordinal)), "its process is gone");
        Assert.Equal((ModelState.None, 0L), (agent.Station.Shadow.Status.State, agent.Station.Shadow.Refusals));
    }

    [Fact]
    public async Task With_another_recipe_it_is_that_recipes_models_shadow_or_none()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.StationOptions.Recipe = "a";
        agent.StationOptions.Recipes = new() { ["a"] = new() { Model = TestModels.Name }, ["b"] = new() { Model = TestModels.Name, Threshold = 60 }, ["c"] = new() { Model = "other" } };
        agent.AddPicture("1.png", 50);
        TestModels.Publish(agent.Models, TinyGraph.Write(), name: "other");
        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 20), setCurrent: false);   // becomes version 1
        TestModels.Publish(agent.Models, TinyGraph.Write());
        new PackageStore(agent.Models).SetShadow(TestModels.Name, 1);
        await agent.StartAsync();
        await agent.UntilAsync(() => agent.Station.Shadow.Status.State == ModelState.Running && agent.Station.NotReady() is null, "the shadow");
        await CompareAsync(agent, plc, "a", 1);
        Assert.Equal(("a", 100f, 1L), (await ReportAsync(agent)) is var a ? (a.Pair.Recipe, a.Pair.CandidateThreshold, a.Same) : default);

        await plc.RequestAsync("""{"command":"change-recipe","recipe":"b"}""");
        for (int i = 0; agent.Station.Shadow.Report!.Pair.Recipe != "b"; i++) await InspectAsync(plc, $"b-{i}");   // the first ones come before it is loaded for b
        ShadowReport b = await ReportAsync(agent);
        Assert.Equal((60f, 60f, 0L, Verdict.Accept, Verdict.Reject), (b.Pair.Threshold, b.Pair.CandidateThreshold, b.Same, b.Disagreements[0].Running, b.Disagreements[0].Candidate));

        await plc.RequestAsync("""{"command":"change-recipe","recipe":"c"}""");
        await agent.UntilAsync(() => agent.Station.Shadow.Status.State == ModelState.None, "no shadow");
        Assert.Equal("accept", (await InspectAsync(plc, "c"))["verdict"]);
    }

    [Fact]
    public async Task A_candidate_with_another_size_and_region_sees_the_frame_itself()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        // Left half 40, right half 90: the candidate looks at the right half only.
        byte[] rgb = new byte[64 * 64 * 3];
        for (int i = 0; i < rgb.Length; i++) rgb[i] = (byte)(i / 3 % 64 < 32 ? 40 : 90);
        ImageFile.WritePng(Path.Combine(agent.Pictures, "1.png"), rgb, 64, 64, PixelFormat.Rgb24);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["ready"] == "true");
        TestModels.Publish(agent.Models, TinyGraph.Write(size: 16), roi: new Roi(32, 0, 32, 64), setCurrent: false, size: 16);
        await plc.RequestAsync("""{"command":"shadow","version":2}""");
        Heard verdict = (await CompareAsync(agent, plc, "part", 1))[0];
        ShadowDisagreement found = Assert.Single((await ReportAsync(agent)).Disagreements);
        Assert.Equal(("accept", 65f), (verdict["verdict"], (float)verdict.Json["score"]!));
        Assert.Equal((Verdict.Accept, 65f, Verdict.Review, 90f), (found.Running, found.Score, found.Candidate, found.CandidateScore));

        // Its region lies outside of the frame: refused at the first part.
        TestModels.Publish(agent.Models, TinyGraph.Write(), roi: new Roi(60, 0, 32, 64), setCurrent: false);
        await plc.RequestAsync("""{"command":"shadow","version":3}""");
        await InspectAsync(plc, "misfit");
        await agent.UntilAsync(() => agent.Station.Shadow.Status is { State: ModelState.Refused, Refusal: { } why } && why.Contains("does not lie inside", StringComparison.Ordinal), "misfit");
    }

    /// <summary>Against sorting all of them.</summary>
    [Fact]
    public void The_largest_disagreements_are_listed_first_and_no_more_than_are_kept()
    {
        using TempFolder folder = new();
        using LoadedModel model = Load(folder, 1);
        ShadowTally tally = new(new ShadowPair("cam1", null, TestModels.Name, 1, 2, 100, 100), null, TimeProvider.System);
        Random random = new(3);
        List<(string Id, double Apart)> all = [];
        for (int i = 0; i < 500; i++)
        {
            (Job job, ShadowPart part) = (JobOf($"{i}"), new ShadowPart());
            float score = random.Next(0, 100);
            part.Fill(job, model, new Agent.Inspection.Inspection(Verdict.Reject, Reason.None, 200, 0, 0), sameInput: true);
            tally.Add(part, model.Calibration, score, Decide(score), 0);
            if (Decide(score) != Verdict.Reject) all.Add(($"{i}", (200 - score) / 50.0));
        }
        ShadowReport report = tally.Report();
        Assert.Equal(all.OrderByDescending(a => a.Apart).Take(ShadowTally.Kept).Select(a => a.Id), report.Disagreements.Select(d => d.JobId));   // both keep the order of equals
        Assert.Equal((500, 500 - all.Count), (report.Parts, report.Same));
    }

    [Fact]
    public async Task The_hot_path_allocates_nothing_for_it_and_copies_nothing_while_it_is_busy()
    {
        using TempFolder folder = new();
        using LoadedModel running = Load(folder, 1);
        LoadedModel next = Load(folder, 2);   // its thread's
        using ManualResetEventSlim go = new();
        int judged = 0;
        using ShadowCandidate candidate = new("cam1", Recipe.None, 2, _ => next, (_, _, _, _, _) =>
        {
            Interlocked.Increment(ref judged);
            go.Wait();
        }, () => { }, TimeProvider.System);
        candidate.Start();
        await candidate.Loaded;
        Job job = JobOf("1");
        Agent.Inspection.Inspection seen = new(Verdict.Accept, Reason.None, 40, 0, 0);
        Assert.True(candidate.Offer(job, running, seen));   // the buffer grows once
        while (Volatile.Read(ref judged) == 0) await Task.Yield();
        Assert.False(candidate.Offer(job, running, seen));
        (long before, int taken, int busy) = (GC.GetAllocatedBytesForCurrentThread(), 0, 0);
        for (int i = 0; i < 1000; i++) busy += candidate.Offer(job, running, seen) == false ? 1 : 0;
        go.Set();
        while (taken < 20) taken += candidate.Offer(job, running, seen) == true ? 1 : 0;
        Assert.Equal((0L, 1000), (GC.GetAllocatedBytesForCurrentThread() - before, busy));
        Assert.Null(candidate.Offer(job, next, seen));   // it decides now
    }

    private static Job JobOf(string id)
    {
        Job job = new(id, null, null, null, 0) { Frame = new Agent.Capture.Frame() };
        Pictures.Rgb(64, 40).CopyTo(job.Frame.Image.Reset(64, 64, PixelFormat.Rgb24));
        return job;
    }

    private static LoadedModel Load(TempFolder folder, int bias)
    {
        Package package = TestModels.Publish(folder["models"], TinyGraph.Write(bias: bias));
        return new LoadedModel(package, Recipe.None, AnomalyDetector.Load(package), DateTimeOffset.UnixEpoch);
    }

    [Fact]
    public async Task Its_thread_has_the_lowest_priority_and_the_lines_have_not()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Linux");
        await using TestAgent agent = new();
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        TestModels.Publish(agent.Models, TinyGraph.Write(bias: 1), setCurrent: false);
        new PackageStore(agent.Models).SetShadow(TestModels.Name, 2);
        await agent.UntilAsync(() => agent.Station.Shadow.Status.State == ModelState.Running, "the shadow");
        Assert.Equal([19], Threads().Where(t => t.Name == "cam1 shadow").Select(t => t.Nice));
        int usual = Threads().First(t => t.Name == "cam1 inspection"[..15]).Nice;
        Assert.InRange(usual, -20, 18);
    }

    private static string Arguments(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline");
        }
        catch (IOException)
        {
            return "";   // it has ended meanwhile
        }
    }

    /// <summary>Names (15 characters) and nice values of this process's threads: /proc/…/stat, proc(5).</summary>
    private static (string Name, int Nice)[] Threads() => [.. Directory.EnumerateDirectories("/proc/self/task").Select(t =>
    {
        try
        {
            string stat = File.ReadAllText(Path.Combine(t, "stat"));
            int end = stat.LastIndexOf(')');
            return (stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end], int.Parse(stat[(end + 2)..].Split(' ')[16]));
        }
        catch (IOException)
        {
            return ("", 0);   // it has ended meanwhile
        }
    })];
}
