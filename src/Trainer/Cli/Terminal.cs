using Spectre.Console;
using Spectre.Console.Rendering;

namespace Edge.Training.Cli;

/// <summary>
/// What the trainer says to a human. With <c>--json</c> all of it goes to stderr, so that stdout holds one document.
/// On a terminal progress is a bar with the time left; piped it is plain lines, few enough for a log.
/// </summary>
internal sealed class Terminal
{
    private readonly IAnsiConsole console;
    private readonly TextWriter writer;
    private readonly TimeProvider time;

    public Terminal(bool json) : this(
        json ? Console.Error : Console.Out,
        interactive: !(json ? Console.IsErrorRedirected : Console.IsOutputRedirected),
        TimeProvider.System)
    {
    }

    internal Terminal(TextWriter writer, bool interactive, TimeProvider time)
    {
        (this.writer, this.time, Interactive) = (TextWriter.Synchronized(writer), time, interactive);
        console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = interactive ? AnsiSupport.Detect : AnsiSupport.No,
            Interactive = interactive ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!interactive) console.Profile.Width = 140;   // a file has no edge; tables shall not be folded
    }

    /// <summary>True when a person is watching: bars, colours and pictures made of text are welcome.</summary>
    public bool Interactive { get; }

    public void Line(string text)
    {
        if (Interactive) console.WriteLine(text);
        else writer.WriteLine(text);
    }

    public void Warn(string text)
    {
        if (Interactive) console.MarkupLineInterpolated($"[yellow]warning:[/] {text}");
        else writer.WriteLine($"warning: {text}");
    }

    /// <summary>A table or another block.</summary>
    public void Write(IRenderable block) => console.Write(block);

    /// <summary>Runs <paramref name="work"/> on this thread and shows how far it is. One at a time.</summary>
    public T Progress<T>(string title, Func<Progress, T> work)
    {
        if (!Interactive)
        {
            PlainProgress plain = new(title, writer, time);
            T value = work(new Progress(plain.Report));
            plain.Done();
            return value;
        }
        return console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new SpinnerColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(title), maxValue: 1);
                T value = work(new Progress((fraction, detail) =>
                {
                    task.Value = fraction;
                    if (detail is not null) task.Description = Markup.Escape($"{title} {detail}");
                }));
                task.Value = 1;
                return value;
            });
    }
}

/// <summary>How far a piece of work is. Cheap, and callable from any thread.</summary>
internal sealed class Progress(Action<double, string?> report)
{
    /// <summary>Shows nothing.</summary>
    public static Progress None { get; } = new((_, _) => { });

    /// <param name="fraction">0 to 1; clamped.</param>
    /// <param name="detail">What is being done at the moment, a few words.</param>
    public void Report(double fraction, string? detail = null) => report(Math.Clamp(fraction, 0, 1), detail);
}
