using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Edge.Agent.Reviews;
using Edge.Agent.Web;
using Edge.Packages;
using Spectre.Console;

namespace Edge.Agent.Cli;

internal static class ReviewsCommand
{
    private static readonly Option<string> Folder = new("--reviews") { HelpName = "DIR", Description = "Folder of the reviews (Edge:Reviews:Path); the agent may be running.", DefaultValueFactory = _ => "reviews" };

    public static Command Create() => new("reviews", "What people said of parts on the operator page.") { List(), Export() };

    private static Command List()
    {
        Option<int> last = new("--last") { HelpName = "N", Description = "The newest N.", DefaultValueFactory = _ => 20 };
        Option<bool> json = new("--json") { Description = "One JSON object a line instead of tables." };
        Command list = new("list", """
            Prints the last word about each part, newest first, and how often verdicts were right.

            Examples:
              edge-agent reviews list
              edge-agent reviews list --last 100000 --json | jq -r 'select(.outcome=="miss") | .jobId'
            """)
        { Folder, last, json };
        list.SetAction(parsed =>
        {
            if (parsed.GetValue(last) is < 1 and var n) throw new EdgeException($"--last is {n}; it must be at least 1.");
            using ReviewFile file = ReviewFile.Open(Path.GetFullPath(parsed.GetRequiredValue(Folder)));
            IEnumerable<ReviewView> reviews = file.Newest(parsed.GetValue(last)).Select(ReviewView.Of).OfType<ReviewView>();
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                foreach (ReviewView review in reviews) output.WriteLine(JsonSerializer.Serialize(review, WebJson.Default.ReviewView));
                return 0;
            }
            IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
            Table table = new Table().Border(TableBorder.Rounded).AddColumns("when", "who", "station", "part", "verdict", "it is", "defect", "note");
            foreach (ReviewView r in reviews)
                table.AddRow([.. ((string[])[r.At.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture), r.By, r.Station, r.PartId ?? r.JobId, r.Verdict, r.Outcome ?? "", r.Defect ?? "", r.Note ?? ""]).Select(t => Markup.Escape(t))]);
            console.Write(table);
            Table counts = new Table().Border(TableBorder.Rounded).AddColumns("model", "version", "verdict", "judged", "parts");
            foreach (ReviewCount c in file.Counts()) counts.AddRow(Markup.Escape(c.Model ?? "none"), $"{c.Version}", Markup.Escape(c.Verdict), $"{c.Judgement}", $"{c.Parts}");
            console.Write(counts);
            return 0;
        });
        return list;
    }

    private static Command Export()
    {
        Option<string> model = new("--model") { HelpName = "NAME", Description = "Parts that this model inspected.", Required = true };
        Option<string> to = new("--out") { HelpName = "DIR", Description = "Folders good and <defect> are made in it.", Required = true };
        Command export = new("export", """
            Copies the pictures of reviewed parts as data for edge-trainer on another machine: folders good and <defect>, the last word about each picture. Run again
            it brings what is new and moves what was judged anew. On this machine the trainer can read <reviews>/pictures/<model> as it is.

            Example:
              edge-agent reviews export --model flange --out /media/usb/flange-reviewed
            """)
        { Folder, model, to };
        export.SetAction((parsed, cancel) => Task.Run(() =>
        {
            string name = parsed.GetRequiredValue(model), target = Path.GetFullPath(parsed.GetRequiredValue(to)), folder = Path.GetFullPath(parsed.GetRequiredValue(Folder));
            if (!PackageFiles.IsName(name)) throw new EdgeException($"'{name}' is no model's name.");
            parsed.InvocationConfiguration.Output.WriteLine(ReviewExport.Run(folder, name, target, cancel));
            return 0;
        }, cancel));
        return export;
    }
}
