using System.CommandLine;
using Edge.Packages;
using Edge.Training.Data;
using Edge.Training.Data.Quality;
using Spectre.Console;

namespace Edge.Training.Cli;

internal static class CheckCommand
{
    public static Command Create()
    {
        Option<string> data = new("--data") { Required = true, HelpName = "DIR", Description = "Pictures in the MVTec layout, in folders good/ and <defect>/, or a plain folder of normal ones." };
        Option<string?> package = new("--package") { HelpName = "DIR", Description = "A package for these pictures: normal ones that it rejects are suspected of a wrong label. Default: two small models, each trained on half of the normal pictures, judge the other half." };
        Option<bool> fast = new("--fast") { Description = "Leave the labels out; the rest takes seconds." };
        Option<bool> json = new("--json") { Description = "One JSON document on stdout; everything else goes to stderr." };
        Command command = new("check", """
            Looks at every picture of a data set and names those a person should look at: unreadable, stored twice, nearly the same as
            another (also across training and test), blurred, of an odd size, over- or underexposed, and normal pictures that score
            like anomalies. What is usual is taken from the set itself. Nothing is changed.

            Examples:
              edge-trainer check --data parts
              edge-trainer check --data parts --fast
              edge-trainer check --data parts --package models/flange
              edge-trainer check --data parts --json | jq -r '.findings[] | select(.finding=="blurred").file'
            """)
        { data, package, fast, json };
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed.GetRequiredValue(data), parsed.GetValue(package), parsed.GetValue(fast), parsed.GetValue(json), parsed.InvocationConfiguration.Output, ct), ct));
        return command;
    }

    private static int Run(string folder, string? packageFolder, bool fast, bool json, TextWriter output, CancellationToken ct)
    {
        Terminal terminal = new(json);
        if (fast && packageFolder is not null) throw new EdgeException("--fast leaves the labels out, --package judges them: use one.");
        Package? package = packageFolder is null ? null : PackageStore.OpenAny(packageFolder);
        IReadOnlyList<DataFile> files = DataFolder.Files(folder);
        List<SkippedPicture> unreadable = [];
        IReadOnlyList<ExaminedPicture> pictures = Examination.Run(files, unreadable, terminal, ct);
        string root = Path.GetFullPath(folder);
        List<string> notChecked = [];
        if (pictures.Count < DataCheck.Fewest) notChecked.Add($"size, blur and exposure: {pictures.Count} pictures say too little about what is usual ({DataCheck.Fewest} are needed)");
        int normal = pictures.Where(p => p.File.Label == Picture.NormalLabel).DistinctBy(p => p.Sha256).Count();
        if (fast) notChecked.Add("labels: --fast");
        else if (package is null && normal < LabelSuspects.Fewest) notChecked.Add($"labels: {normal} normal pictures are too few to judge each by others ({LabelSuspects.Fewest} are needed, or a --package)");
        CheckFinding[] findings =
        [
            .. unreadable.Select(u => new CheckFinding(Path.GetRelativePath(root, u.Path).Replace('\\', '/'), Finding.Unreadable, u.Reason)),
            .. DataCheck.Run(pictures),
            .. fast ? [] : package is not null ? LabelSuspects.Of(package, pictures, terminal, ct) : normal < LabelSuspects.Fewest ? [] : LabelSuspects.CrossValidated(pictures, terminal, ct),
        ];
        if (json)
        {
            output.WriteLine(new CheckDocument { Data = root, Pictures = files.Count, Readable = pictures.Count, Findings = findings, NotChecked = notChecked }.ToJson());
            return 0;
        }
        foreach (IGrouping<Finding, CheckFinding> kind in findings.GroupBy(f => f.Finding))
        {
            terminal.Line($"{kind.Key switch { Finding.NearDuplicate => "near duplicates", Finding.OddSize => "odd size", Finding.MislabelledSuspect => "normal, but scores like an anomaly", var k => k.ToString().ToLowerInvariant() }}: {kind.Count()}");
            foreach (CheckFinding finding in kind) terminal.Line($"  {finding.File}: {finding.Detail}");
        }
        foreach (string left in notChecked) terminal.Line($"not checked: {left}");
        terminal.Line($"{files.Count} pictures, {findings.Select(f => f.File).Distinct().Count()} to look at");
        return 0;
    }
}
