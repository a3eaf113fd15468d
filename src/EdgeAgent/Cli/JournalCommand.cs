using System.CommandLine;
using Edge.Journal;

namespace Edge.Agent.Cli;

internal static class JournalCommand
{
    private static readonly Option<string> JournalPath = new("--journal") { HelpName = "FILE", Description = "The agent's journal; it may be running.", DefaultValueFactory = _ => "journal.db" };

    public static Command Create() => new("journal", "Reads the journal: the record of every part, chained by hashes.") { Show(), Verify() };

    private static Command Show()
    {
        Option<string?> id = new("--id") { HelpName = "ID", Description = "Everything about this jobId or partId." };
        Option<string?> station = new("--station") { HelpName = "NAME", Description = "Of one station only." };
        Option<string> kind = new("--kind") { Description = "What the entries are about.", DefaultValueFactory = _ => JournalKind.Part };
        kind.AcceptOnlyFromAmong(JournalKind.Part, JournalKind.Late, JournalKind.Image, JournalKind.Event);
        Option<int> last = new("--last") { HelpName = "N", Description = "The newest N entries.", DefaultValueFactory = _ => 20 };
        Command show = new("show", """
            Prints entries as JSON lines, oldest first.

            Examples:
              edge-agent journal show --last 100 --station station1
              edge-agent journal show --id 4711
              edge-agent journal show --last 1000000 | jq -r 'select(.record.verdict=="reject") | .record.jobId'
            """)
        { JournalPath, id, station, kind, last };
        show.SetAction((parsed, cancel) => Task.Run(() =>
        {
            if (parsed.GetValue(last) is < 1 and var n) throw new EdgeException($"--last is {n}; it must be at least 1.");
            using JournalFile journal = JournalFile.Open(parsed.GetRequiredValue(JournalPath));
            IEnumerable<JournalEntry> entries = parsed.GetValue(id) is { } about ? journal.About(about)
                : journal.Newest(parsed.GetRequiredValue(kind), parsed.GetValue(station), parsed.GetValue(last));
            TextWriter output = parsed.InvocationConfiguration.Output;
            foreach (JournalEntry entry in entries)
            {
                cancel.ThrowIfCancellationRequested();
                output.WriteLine($$"""{"seq":{{entry.Seq}},"kind":"{{entry.Kind}}","at":"{{entry.At:O}}","record":{{entry.Record}},"hash":"{{Convert.ToHexStringLower(entry.Hash)}}"}""");
            }
            return 0;
        }, cancel));
        return show;
    }

    private static Command Verify()
    {
        Command verify = new("verify", """
            Recomputes the hash of every entry: one that was changed, removed or put in between shows. Entries cut off at the end, or a journal
            written anew as a whole, show only against a copy of the last hash that somebody kept.

            Example:
              edge-agent journal verify --journal /var/lib/edge/journal.db
            """)
        { JournalPath };
        verify.SetAction((parsed, cancel) => Task.Run(() =>
        {
            using JournalFile journal = JournalFile.Open(parsed.GetRequiredValue(JournalPath));
            JournalVerification v = journal.Verify(cancellation: cancel);
            if (v.BrokenAt is { } at) throw new EdgeException($"The chain is broken at entry {at}: it, or the one before it, was changed, removed or put in.");
            parsed.InvocationConfiguration.Output.WriteLine($"{v.Entries} entries, {v.First} to {v.Last}, all as they were written; last hash {v.Head}");
            return 0;
        }, cancel));
        return verify;
    }
}
