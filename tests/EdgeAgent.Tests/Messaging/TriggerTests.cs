using System.Buffers;
using System.Text;
using CsCheck;
using Edge.Agent.Inspection;
using Edge.Agent.Messaging;
using Edge.Scoring;
using Edge.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Edge.Tests.Messaging;

public sealed class TriggerTests
{
    [Fact]
    public void A_trigger_is_read()
    {
        Trigger trigger = Parse("""{"jobId":"j-1","partId":"Teil Ä","recipe":"r","deadlineMs":250}""", out _)!;
        Assert.Equal(("j-1", "Teil Ä", "r", 250), (trigger.JobId, trigger.PartId, trigger.Recipe, trigger.DeadlineMs));
        Assert.Equal("j", Parse("""{"jobId":"j","partId":null}""", out _)!.JobId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("start")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"jobId":null}""")]
    [InlineData("""{"jobId":""}""")]
    [InlineData("""{"jobId":7}""")]
    [InlineData("""{"jobId":"a b"}""")]
    [InlineData("""{"jobId":"a\n"}""")]
    [InlineData("""{"jobId":"ä"}""")]
    [InlineData("""{"jobId":"a","jobId":"b"}""")]
    [InlineData("""{"jobId":"a","extra":1}""")]
    [InlineData("""{"jobId":"a","partId":1}""")]
    [InlineData("""{"jobId":"a","partId":"\u0000"}""")]
    [InlineData("""{"jobId":"a","deadlineMs":"5"}""")]
    [InlineData("""{"jobId":"a","deadlineMs":0}""")]
    [InlineData("""{"jobId":"a","deadlineMs":-1}""")]
    [InlineData("""{"jobId":"a","deadlineMs":1e99}""")]
    [InlineData("""{"jobId":"a","deadlineMs":600001}""")]
    [InlineData("""{"jobId":"a"}x""")]
    [InlineData("""{"jobId":"a"}{"jobId":"b"}""")]
    public void What_is_no_trigger_is_refused_with_a_reason(string payload)
    {
        Assert.Null(Parse(payload, out string? why));
        Assert.False(string.IsNullOrEmpty(why));
    }

    [Fact]
    public void Long_deep_and_broken_payloads_are_refused()
    {
        Assert.Null(Parse($$"""{"jobId":"{{new string('a', 65)}}"}""", out _));
        Assert.Null(Parse($$"""{"jobId":"a","partId":"{{new string('a', 129)}}"}""", out _));
        Assert.Null(Parse(new string('[', 4000), out _));
        Assert.Null(Parse($$"""{"jobId":"a"{{new string(' ', 4096)}}}""", out string? why));
        Assert.Contains("at most 4096", why, StringComparison.Ordinal);
        Assert.Null(Trigger.Parse(new ReadOnlySequence<byte>([(byte)'{', 0xFF, 0xFE]), out _));
    }

    [Fact]
    public void No_bytes_whatever_throw() =>
        Gen.Byte.Array[0, 200].Sample(bytes => Trigger.Parse(new ReadOnlySequence<byte>(bytes), out string? why) is not null || why is not null);

    [Fact]
    public async Task Hostile_messages_are_counted_and_the_next_part_is_inspected()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["version"] == "1");

        await plc.SendAsync("not JSON");
        await plc.SendAsync([]);
        await plc.SendAsync("""{"jobId":{"a":[[[[[[[[1]]]]]]]]}}""");
        await plc.SendAsync([0xC3, 0x28, 0xA0]);
        await plc.SendAsync(new string('[', 3000));
        await plc.SendAsync(new byte[10 * 1024 * 1024]);
        await plc.TriggerAsync("good");

        Assert.Equal("accept", (await plc.VerdictAsync("good"))["verdict"]);
        Assert.Equal(1, agent.Station.Ledger.Triggers);
        // The largest may have been kept back by the broker: the client allows 64 KiB.
        Assert.InRange(agent.Station.InvalidTriggers, 5, 6);
        Assert.Single(agent.Log, line => line.Contains("is no trigger", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_retained_trigger_is_no_part()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await plc.SendAsync("""{"jobId":"old"}"""u8.ToArray(), retain: true);
        await using TestAgent agent = new(broker);
        agent.AddPicture("1.png", 40);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["version"] == "1");
        await plc.TriggerAsync("new");
        await plc.VerdictAsync("new");
        Assert.Equal(1, agent.Station.Ledger.Triggers);
    }

    [Fact]
    public async Task The_same_jobId_is_one_part_and_hears_the_same_verdict_again()
    {
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.AddPicture("1.png", 40);
        agent.AddPicture("2.png", 120);
        await agent.StartWithModelAsync();
        await plc.HearAsync("status", h => h["version"] == "1");

        await plc.TriggerAsync("a");
        await plc.TriggerAsync("a");
        await plc.VerdictAsync("a");
        await plc.TriggerAsync("a");
        await plc.TriggerAsync("b");
        Assert.Equal("reject", (await plc.VerdictAsync("b"))["verdict"]);

        IEnumerable<Heard> heard = plc.All("verdict").Where(h => h["jobId"] == "a");
        Assert.True(heard.Count() >= 2);
        Assert.All(heard, h => Assert.Equal(("accept", "1.png"), (h["verdict"], h["frame"])));
        Assert.Equal((2, 2), (agent.Station.Ledger.Triggers, agent.Station.Intake.Duplicates));
    }

    [Fact]
    public async Task A_sensor_that_bounces_makes_one_inspection_and_every_job_hears_something()
    {
        FakeTimeProvider time = new();
        await using TestBroker broker = await TestBroker.StartNewAsync();
        await using Plc plc = await Plc.ConnectAsync(broker);
        await using TestAgent agent = new(broker);
        agent.StationOptions.Source.Loop = true;
        agent.StationOptions.Trigger.DebounceMs = 200;
        agent.AddPicture("1.png", 40);
        TestModels.Publish(agent.Models, TinyGraph.Write());
        await agent.StartAsync(time);
        await plc.HearAsync("status", h => h["ready"] == "true");

        await plc.TriggerAsync("a");
        Assert.Equal("accept", (await plc.VerdictAsync("a"))["verdict"]);
        time.Advance(TimeSpan.FromMilliseconds(150));
        await plc.TriggerAsync("b");
        Assert.Equal("debounced", (await plc.VerdictAsync("b"))["reason"]);
        time.Advance(TimeSpan.FromMilliseconds(49));
        await plc.TriggerAsync("c");
        Assert.Equal("debounced", (await plc.VerdictAsync("c"))["reason"]);
        time.Advance(TimeSpan.FromMilliseconds(1));   // 200 after a: what bounces does not prolong it
        await plc.TriggerAsync("d");
        Assert.Equal("accept", (await plc.VerdictAsync("d"))["verdict"]);
        Assert.Equal((4, 2), (agent.Station.Ledger.Triggers, agent.Station.Ledger.Count(Verdict.Uninspected, Reason.Debounced)));
    }

    private static Trigger? Parse(string payload, out string? why) => Trigger.Parse(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(payload)), out why);
}
