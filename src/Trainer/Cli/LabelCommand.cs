using System.CommandLine;
using Edge.Training.Data;
using Edge.Training.Data.Labels;

namespace Edge.Training.Cli;

internal static class LabelCommand
{
    private static readonly Option<string> Data = new("--data") { Required = true, HelpName = "DIR", Description = "The pictures, in this folder or below." };
    private static readonly Option<string?> Csv = new("--csv") { HelpName = "FILE", Description = "Table with a column file (image, filename, path) and a column label (class, defect, category)." };
    private static readonly Option<string?> Coco = new("--coco") { HelpName = "FILE", Description = "COCO JSON: a picture is what its annotations' categories say." };
    private static readonly Option<string?> Cvat = new("--cvat") { HelpName = "FILE", Description = "XML of 'CVAT for images 1.1': tags, and shapes by their label." };
    private static readonly Option<string?> Out = new("--out") { HelpName = "DIR", Description = "Folder to write; must not exist or be empty. Default: DIR-labelled beside DIR." };
    private static readonly Option<bool> RestIsNormal = new("--rest-is-normal") { Description = "A picture without a label is normal; else it is left out." };
    private static readonly Option<bool> Link = new("--link") { Description = "Hard links instead of copies: no space, same file system." };

    public static Command Create()
    {
        Command command = new("label", """
            Sorts pictures by the labels of a labelling tool into train/good and test/<defect>. 'good', 'normal' and 'ok' are normal, every
            other label is a defect, several defects in one picture are 'combined'. What is there is copied or linked, never moved.

            Examples:
              edge-trainer label --data captures --csv labels.csv --out parts
              edge-trainer label --data captures --coco instances.json --rest-is-normal --out parts
              edge-trainer label --data captures --cvat annotations.xml --out sorted && edge-trainer split --data sorted --out parts
            """)
        { Data, Csv, Coco, Cvat, Out, RestIsNormal, Link };
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed, ct), ct));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken ct)
    {
        Terminal terminal = new(json: false);
        (string File, Func<string, IReadOnlyList<SceneLabel>> Parse)[] given =
        [
            .. new (string? File, Func<string, IReadOnlyList<SceneLabel>> Parse)[] { (parsed.GetValue(Csv), CsvLabels.Parse), (parsed.GetValue(Coco), CocoLabels.Parse), (parsed.GetValue(Cvat), CvatLabels.Parse) }
                .Where(g => g.File is not null).Select(g => (g.File!, g.Parse)),
        ];
        if (given is not [var (file, parse)]) throw new EdgeException("Labels come from one of --csv, --coco and --cvat.");
        string data = Path.TrimEndingDirectorySeparator(Path.GetFullPath(parsed.GetRequiredValue(Data))), place = parsed.GetValue(Out) ?? data + "-labelled";
        LabelledFiles labelled = LabelledFiles.Match(data, parse(Read(file)), parsed.GetValue(RestIsNormal));
        if (labelled.Pictures.Count == 0) throw new EdgeException($"{file} labels none of the pictures of {data}.");
        using StagedFolder staged = new(place);
        DatasetWriter writer = new(staged.Staging, parsed.GetValue(Link) ? LinkMode.Always : LinkMode.Never);
        foreach ((string path, string label) in labelled.Pictures)
        {
            ct.ThrowIfCancellationRequested();
            writer.Add(path, label == Picture.NormalLabel ? "train" : "test", label, mask: null);
        }
        try
        {
            staged.Publish();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"{place} can't be written: {e.Message}", e);
        }
        foreach (IGrouping<string, string> label in labelled.Pictures.GroupBy(p => p.Label, p => p.Path).OrderBy(g => g.Key != Picture.NormalLabel).ThenBy(g => g.Key, StringComparer.Ordinal))
            terminal.Line($"{(label.Key == Picture.NormalLabel ? "train" : "test")}/{label.Key}: {label.Count()}");
        if (labelled.WithoutLabel.Count > 0) terminal.Warn($"{labelled.WithoutLabel.Count} pictures without a label are left out, e.g. {labelled.WithoutLabel[0]}; --rest-is-normal takes them as normal.");
        return 0;
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot read {file}: {e.Message}", e);
        }
    }
}
