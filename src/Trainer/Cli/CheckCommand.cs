using System.CommandLine;
using System.Globalization;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Data;
using Edge.Training.Data.Quality;
using Spectre.Console;

namespace Edge.Training.Cli;

internal static class CheckCommand
{
    public static Command Create()
    {
        Option<string> data = new("--data") { Required = true, HelpName = "DIR", Description = "Pictures in the MVTec layout, in folders good/ and <defect>/, or a plain folder of normal ones." };
        Option<string?> package = new("--package") { HelpName = "DIR", Description = "A package for these pictures: normal ones that it rejects are suspected of a wrong label." };
        Option<bool> json = new("--json") { Description = "One JSON document on stdout; everything else goes to stderr." };
        Command command = new("check", """
            Looks at every picture of a data set and names those a person should look at: unreadable, stored twice, nearly the same as
            another (also across training and test), blurred, of an odd size, over- or underexposed, and, with a package, normal
            pictures that score like anomalies. What is usual is taken from the set itself. Nothing is changed.

            Examples:
              edge-trainer check --data parts
              edge-trainer check --data parts --package models/flange
              edge-trainer check --data parts --json | jq -r '.findings[] | select(.finding=="blurred").file'
            """)
        { data, package, json };
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed.GetRequiredValue(data), parsed.GetValue(package), parsed.GetValue(json), parsed.InvocationConfiguration.Output, ct), ct));
        return command;
    }

    private static int Run(string folder, string? packageFolder, bool json, TextWriter output, CancellationToken ct)
    {
        Terminal terminal = new(json);
        Package? package = packageFolder is null ? null : PackageStore.OpenAny(packageFolder);
        IReadOnlyList<DataFile> files = DataFolder.Files(folder);
        List<SkippedPicture> unreadable = [];
        IReadOnlyList<ExaminedPicture> pictures = Examination.Run(files, unreadable, terminal, ct);
        string root = Path.GetFullPath(folder);
        List<string> notChecked = [];
        if (pictures.Count < DataCheck.Fewest) notChecked.Add($"size, blur and exposure: {pictures.Count} pictures say too little about what is usual ({DataCheck.Fewest} are needed)");
        if (package is null) notChecked.Add("labels: that needs a model, see --package");
        CheckFinding[] findings =
        [
            .. unreadable.Select(u => new CheckFinding(Path.GetRelativePath(root, u.Path).Replace('\\', '/'), Finding.Unreadable, u.Reason)),
            .. DataCheck.Run(pictures),
            .. package is null ? [] : Suspects(package, pictures, terminal, ct),
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

    private static List<CheckFinding> Suspects(Package package, IReadOnlyList<ExaminedPicture> pictures, Terminal terminal, CancellationToken ct)
    {
        using AnomalyDetector detector = AnomalyDetector.Load(package);
        Picture[] normal = [.. pictures.Where(p => p.File.Label == Picture.NormalLabel).Select(p => new Picture(p.File.Path, Picture.NormalLabel, null, p.Sha256))];
        Dictionary<string, string> names = pictures.ToDictionary(p => p.File.Path, p => p.File.Name);
        float threshold = package.Manifest.Calibration.Threshold;
        return terminal.Progress("scoring normal pictures", progress =>
        {
            List<(string Name, float Score)> scored = [];
            List<SkippedPicture> skipped = [];
            foreach (LoadedPicture picture in PictureLoader.Stream(normal, package.Manifest.Input, strict: false, skipped, terminal, ct))
            {
                picture.Rgb.CopyTo(detector.Input);
                scored.Add((names[picture.Picture.Path], detector.Run()));
                progress.Report((double)scored.Count / normal.Length);
            }
            // A score that is no number is suspect too.
            return scored.Where(s => !(s.Score < threshold)).OrderByDescending(s => s.Score)
                .Select(s => new CheckFinding(s.Name, Finding.MislabelledSuspect, string.Create(CultureInfo.InvariantCulture, $"score {s.Score:G6}, threshold {threshold:G6}"))).ToList();
        });
    }
}
