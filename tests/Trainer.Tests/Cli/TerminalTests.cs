using Edge.Training.Cli;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Edge.Tests.Cli;

public sealed class TerminalTests
{
    [Fact]
    public void Piped_progress_is_a_line_a_tenth_but_not_more_than_one_every_two_seconds()
    {
        FakeTimeProvider time = new();
        StringWriter text = new();
        Terminal terminal = new(text, interactive: false, time);
        int answer = terminal.Progress("features", progress =>
        {
            for (int i = 1; i <= 1000; i++)
            {
                time.Advance(TimeSpan.FromMilliseconds(50));
                progress.Report(i / 1000.0, "batch");
            }
            return 42;
        });
        string[] lines = text.ToString().Trim().Split('\n');
        Assert.Equal(42, answer);
        Assert.Equal("features  10 % batch, 5.0 s, about 45 s left", lines[0]);
        Assert.Equal("features done in 50 s", lines[^1]);
        Assert.Equal(11, lines.Length);
    }

    [Fact]
    public void Short_work_is_one_line_and_markup_is_text()
    {
        StringWriter text = new();
        Terminal terminal = new(text, interactive: false, new FakeTimeProvider());
        terminal.Progress("[x]", p => { p.Report(0.5); return 0; });
        terminal.Warn("[red]not markup[/]");
        terminal.Line("[blue]nor this[/]");
        Assert.Equal("[x] done in 0.0 s\nwarning: [red]not markup[/]\n[blue]nor this[/]\n", text.ToString());
    }

    [Fact]
    public void Progress_may_be_reported_from_any_thread()
    {
        StringWriter text = new();
        Terminal terminal = new(text, interactive: false, TimeProvider.System);
        long sum = terminal.Progress("work", progress =>
        {
            long total = 0;
            Parallel.For(0, 10_000, i => { Interlocked.Add(ref total, i); progress.Report(i / 10_000.0); });
            return total;
        });
        Assert.Equal(49_995_000, sum);
    }
}
