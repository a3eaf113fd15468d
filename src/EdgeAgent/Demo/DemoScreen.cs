using Edge.Agent.Inspection;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Edge.Agent.Demo;

/// <summary>What the demo shows: a live table on a terminal, one line a verdict when piped.</summary>
internal sealed class DemoScreen(IAnsiConsole console, bool interactive, string whereToLook)
{
    private const int Shown = 12;
    private readonly Queue<HeardVerdict> recent = new();
    private readonly Lock recentLock = new();
    private int right, judged;

    public void Heard(HeardVerdict verdict)
    {
        lock (recentLock)
        {
            if (recent.Count == Shown) recent.Dequeue();
            recent.Enqueue(verdict);
            if (verdict.Truth is { } truth && verdict.Verdict is "accept" or "reject")
            {
                judged++;
                if (verdict.Verdict == "accept" == (truth == "normal")) right++;
            }
        }
        if (!interactive)
            Console.WriteLine($"{verdict.JobId} {verdict.Verdict}{(verdict.Reason is null ? "" : $"({verdict.Reason})")} score {Text(verdict.Score)} threshold {Text(verdict.Threshold)} rendered {verdict.Truth ?? "-"} infer {verdict.InferMs:F1} ms round trip {verdict.RoundTrip.TotalMilliseconds:F1} ms");
    }

    public async Task ShowAsync(Func<StationSnapshot> snapshot, Func<int> sent, CancellationToken cancel)
    {
        if (!interactive)
        {
            Console.WriteLine(whereToLook);
            await Task.Delay(Timeout.Infinite, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }
        await console.Live(Draw(snapshot(), sent())).StartAsync(async live =>
        {
            using PeriodicTimer tick = new(TimeSpan.FromMilliseconds(200));
            try
            {
                while (await tick.WaitForNextTickAsync(cancel).ConfigureAwait(false)) live.UpdateTarget(Draw(snapshot(), sent()));
            }
            catch (OperationCanceledException)
            {
                live.UpdateTarget(Draw(snapshot(), sent()));
            }
        }).ConfigureAwait(false);
    }

    public string Summary(StationSnapshot s, int sent)
    {
        lock (recentLock)
            return $"{sent} triggers = {s.Accepted} accepted + {s.Rejected} rejected + {s.Reviews} for review + {s.UninspectedTotal} uninspected; difference {sent - s.Accepted - s.Rejected - s.Reviews - s.UninspectedTotal}. {right} of {judged} verdicts agree with what was rendered.";
    }

    private Rows Draw(StationSnapshot s, int sent)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("part", "rendered", "score", "threshold", "verdict", "infer", "round trip");
        lock (recentLock)
        {
            foreach (HeardVerdict v in recent)
            {
                string color = v.Verdict switch { "accept" => "green", "reject" => "red", "review" => "yellow", _ => "magenta" };
                table.AddRow(v.JobId, v.Truth ?? "-", Text(v.Score), Text(v.Threshold), $"[{color}]{v.Verdict}{(v.Reason is null ? "" : $" ({v.Reason})")}[/]", $"{v.InferMs:F1} ms", $"{v.RoundTrip.TotalMilliseconds:F1} ms");
            }
        }
        IRenderable state = new Markup($"camera [bold]{s.Camera}[/] · model [bold]{s.ModelName.EscapeMarkup()} {s.Version?.ToString() ?? "–"}[/] ({s.Model.State}) · broker {(s.BrokerConnected ? "connected" : "[red]away[/]")} · waiting {s.Awaiting}");
        return new Rows(table, state, new Text(Summary(s, sent)), new Text(whereToLook, Color.Grey));
    }

    private static string Text(double? value) => value?.ToString("F3") ?? "-";
}
