using Edge.Training.Service.Configuration;
using Edge.Training.Service.Messaging;
using Edge.Training.Service.Runs;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Edge.Tests.Service;

/// <summary>Which runs there are, when they are asked for, and that none is lost.</summary>
public sealed class RunBookTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 24, 1, 0, 0, TimeSpan.Zero));

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_run_outlives_the_program_and_one_that_was_cut_off_comes_first()
    {
        RunBook book = Open();
        book.Ask("a", "flange", RunCause.Command);
        time.Advance(TimeSpan.FromSeconds(1));
        book.Ask("b", "flange", RunCause.Schedule);
        book.Update(book.Find("b")! with { State = RunState.Running, Attempts = 1 });

        RunBook again = Open();
        Assert.Equal(["a", "b"], again.All.Select(r => r.Id));
        Assert.Equal("b", (await again.NextAsync(TestContext.Current.CancellationToken)).Id);
        again.Update(again.Find("b")! with { State = RunState.Failed, EndedAt = time.GetUtcNow(), Reason = "no pictures" });
        Assert.Equal("a", (await again.NextAsync(TestContext.Current.CancellationToken)).Id);
        Assert.Equal("no pictures", Open().Find("b")!.Reason);
    }

    [Fact]
    public void The_same_id_is_the_same_run_of_the_same_product_and_only_so_many_wait()
    {
        RunBook book = Open();
        RetrainingRun first = book.Ask("a", "flange", RunCause.Command);
        Assert.Same(first, book.Ask("a", "flange", RunCause.Command));
        Assert.Throws<EdgeException>(() => book.Ask("a", "other", RunCause.Command));
        for (int i = 1; i < RunBook.MostQueued; i++) book.Ask($"more-{i}", "flange", RunCause.Command);
        Assert.Contains("wait already", Assert.Throws<EdgeException>(() => book.Ask("one-more", "flange", RunCause.Command)).Message, StringComparison.Ordinal);
        Assert.Equal(RunBook.MostQueued, Open().Queued);
    }

    [Fact]
    public void A_state_file_that_is_damaged_hides_no_other_run()
    {
        Open().Ask("a", "flange", RunCause.Command);
        Directory.CreateDirectory(folder["runs/b"]);
        File.WriteAllText(folder["runs/b/run.json"], """{"id":"b","prod""");
        Assert.Equal(["a"], Open().All.Select(r => r.Id));
    }

    [Fact]
    public void The_clock_asks_once_also_for_a_time_that_passed_while_the_machine_was_off()
    {
        ProductOptions product = new() { Data = folder["data"], Schedule = "30 2 * * *" };
        RunBook book = Open();
        AutomaticRuns automatic = new(Options(product), book, new DriftWatch(), time, NullLogger<AutomaticRuns>.Instance);
        automatic.Look("flange", product);
        Assert.Empty(book.All);
        time.Advance(TimeSpan.FromHours(1.5));
        automatic.Look("flange", product);
        automatic.Look("flange", product);
        RetrainingRun run = Assert.Single(book.All);
        Assert.Equal(("20261124T023000Z-schedule-flange", RunCause.Schedule), (run.Id, run.Cause));
        End(book, run);
        automatic.Look("flange", product);
        Assert.Single(book.All);

        time.Advance(TimeSpan.FromDays(3));   // off
        book = Open();
        automatic = new AutomaticRuns(Options(product), book, new DriftWatch(), time, NullLogger<AutomaticRuns>.Instance);
        automatic.Look("flange", product);
        Assert.Equal(2, book.All.Count);
        End(book, book.All[1]);
        automatic.Look("flange", product);
        Assert.Equal(2, book.All.Count);
    }

    [Fact]
    public void A_drift_of_the_product_asks_for_one_run()
    {
        ProductOptions product = new() { Data = folder["data"], OnDrift = true };
        RunBook book = Open();
        DriftWatch drift = new();
        AutomaticRuns automatic = new(Options(product), book, drift, time, NullLogger<AutomaticRuns>.Instance);
        DateTimeOffset start = time.GetUtcNow();
        foreach (string nothing in (string[])[Message("steady", null, null), Message("drifted", "camera", start), Message("drifted", "product", start).Replace("flange", "other", StringComparison.Ordinal), "{", "[]", "null", "{}", new string('x', 5000)]) Say("cam1", nothing);
        automatic.Look("flange", product);
        Assert.Empty(book.All);
        Assert.Equal(5, drift.Invalid);
        Say("cam1", Message("drifted", "product", start));
        Say("cam2", Message("drifted", "product", start.AddMinutes(-5)));
        time.Advance(TimeSpan.FromMinutes(1));
        automatic.Look("flange", product);
        Assert.Equal(RunCause.Drift, Assert.Single(book.All).Cause);
        End(book, book.All[0]);
        time.Advance(TimeSpan.FromHours(1));
        automatic.Look("flange", product);
        Assert.Single(book.All);   // it goes on: people decide
        Say("cam1", Message("steady", null, null));
        Say("cam1", Message("drifted", "product", time.GetUtcNow()));
        time.Advance(TimeSpan.FromMinutes(1));
        automatic.Look("flange", product);
        Assert.Equal(2, book.All.Count);
        End(book, book.All[1]);
        Say("cam1", "");
        automatic.Look("flange", new ProductOptions { Data = folder["data"] });
        Assert.Equal(2, book.All.Count);

        // As docs/mqtt.md has it, with what this service does not look at.
        static string Message(string state, string? cause, DateTimeOffset? since) => System.Text.Json.JsonSerializer.Serialize(new
        {
            state, cause, direction = cause is null ? null : "higher", since, model = "flange", version = 7, parts = 4711, calibration = 40, evidence = new { score = 6.2, brightness = 0.1, sharpness = -1 }, rejectStreak = 0,
        });

        void Say(string station, string payload)
        {
            int acknowledged = 0;
            drift.Receive(new MQTTnet.MqttApplicationMessageBuilder().WithTopic($"edge/line1/{station}/drift").WithPayload(payload).Build(), () => acknowledged++);
            Assert.Equal(1, acknowledged);
        }
    }

    [Fact]
    public void Enough_newly_reviewed_pictures_ask_for_a_run_and_are_not_counted_twice()
    {
        ProductOptions product = new() { Data = folder["data"], Reviewed = folder["reviewed"], ReviewedParts = 3 };
        RunBook book = Open();
        AutomaticRuns automatic = new(Options(product), book, new DriftWatch(), time, NullLogger<AutomaticRuns>.Instance);
        automatic.Look("flange", product);   // no folder yet
        Review("good/a.png", "good/b.png");
        automatic.Look("flange", product);
        Assert.Empty(book.All);
        Review("scratch/c.png");
        automatic.Look("flange", product);
        Assert.Equal(RunCause.Reviews, Assert.Single(book.All).Cause);
        End(book, book.All[0]);
        time.Advance(TimeSpan.FromHours(1));
        automatic.Look("flange", product);
        Assert.Single(book.All);
        Review("good/d.png", "good/e.png", "good/f.png");
        automatic.Look("flange", product);
        Assert.Equal(2, book.All.Count);
    }

    private void Review(params string[] pictures)
    {
        foreach (string picture in pictures)
        {
            string file = Path.Combine(folder["reviewed"], picture);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, picture);
            File.SetLastWriteTimeUtc(file, time.GetUtcNow().UtcDateTime);
        }
    }

    private void End(RunBook book, RetrainingRun run) => book.Update(run with { State = RunState.Published, EndedAt = time.GetUtcNow() });

    private static ServeOptions Options(ProductOptions product) => new() { Products = { ["flange"] = product } };

    private RunBook Open() => new(folder.Path, time, NullLogger.Instance);
}
