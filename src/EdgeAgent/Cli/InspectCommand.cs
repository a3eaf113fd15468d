using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Imaging;
using Edge.Scoring;

namespace Edge.Agent.Cli;

/// <summary><c>edge-agent inspect</c>: the production path on pictures from disk, one JSON line each.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        Option<DirectoryInfo> package = new("--package", "-p") { Description = "A package: models/<name>/<version>, or models/<name> for its current version.", Required = true };
        Option<DirectoryInfo?> heatmaps = new("--heatmaps") { Description = "Folder for one overlay (JPEG) per picture, with a colour bar in raw map values and the contour of the package's pixel threshold; made when missing." };
        Option<int> threads = new("--threads") { Description = "Threads of the session; 0 = all cores." };
        Option<ValueRange?> normalise = new("--normalise") { HelpName = "LOW,HIGH", CustomParser = RangeArgument.Parse, Description = "Adds the score between two percentiles of the package's normal scores (e.g. 1,99), clipped beyond; 'clipped' says when. Verdicts use the raw score." };
        Option<ValueRange?> outputRange = new("--output-range") { HelpName = "A,B", CustomParser = RangeArgument.Parse, Description = "What --normalise shows at its ends. Default: 0,1." };
        Argument<string[]> images = new("image") { Description = "Pictures, or folders of pictures.", Arity = ArgumentArity.OneOrMore };
        Command command = new("inspect", """
            Inspects pictures and prints one JSON line for each: file, score, threshold, verdict.

            Exit code 0 when every picture was inspected, 1 when one could not be read (its line says why).

            Examples:
              edge-agent inspect --package models/flange part.png
              edge-agent inspect --package models/flange/3 captures/ --heatmaps overlays/
              edge-agent inspect --package models/flange captures/ --normalise 1,99 --output-range 0,100
              edge-agent inspect --package models/flange captures/ --trusted-keys flange.key.pub
              edge-agent inspect -p models/flange captures/ | jq -r 'select(.verdict=="reject").file'
            """)
        { package, heatmaps, normalise, outputRange, threads, ModelsCommand.Keys, images };
        command.SetAction((parsed, cancellation) => Task.FromResult(Inspect(
            parsed.GetRequiredValue(package).FullName, parsed.GetValue(ModelsCommand.Keys), new DetectorOptions { Threads = parsed.GetValue(threads) },
            parsed.GetRequiredValue(images), parsed.GetValue(heatmaps)?.FullName,
            parsed.GetValue(normalise), parsed.GetValue(outputRange) ?? new ValueRange(0, 1), parsed.InvocationConfiguration.Output, cancellation)));
        return command;
    }

    private static int Inspect(
        string package, string? keys, DetectorOptions options, string[] images, string? heatmaps, ValueRange? percentiles, ValueRange shown, TextWriter output, CancellationToken cancellation)
    {
        using AnomalyClassifier classifier = AnomalyClassifier.Open(package, options, keys);
        Calibration calibration = classifier.Package.Manifest.Calibration;
        PercentileNormaliser? normaliser = percentiles is null ? null : PercentileNormaliser.Fit(calibration.Normals, percentiles.Low, percentiles.High, shown);
        using Heatmap heatmap = new();
        if (heatmaps is not null) Directory.CreateDirectory(heatmaps);
        HashSet<string> used = new(StringComparer.Ordinal);
        bool all = true;
        foreach (string file in images.SelectMany(Expand))
        {
            cancellation.ThrowIfCancellationRequested();
            InspectedImage line = new(file, null, calibration.Threshold, Verdict.Uninspected);
            try
            {
                (float score, Verdict verdict) = classifier.Classify(file);
                line = line with { Score = float.IsFinite(score) ? score : null, Verdict = verdict, Error = float.IsFinite(score) ? null : $"the score is {score}" };
                if (normaliser?.Apply(score) is { } normalised) line = line with { Normalised = normalised.Value, Clipped = normalised.Clipped };
                if (heatmaps is not null)
                    File.WriteAllBytes(FreeName(heatmaps, file, used), heatmap.EncodeAnnotatedJpeg(classifier.Image, classifier.Map, classifier.Width, classifier.Height, calibration.HeatmapRange, calibration.Pixel?.Threshold));
            }
            catch (EdgeException e)
            {
                line = line with { Error = e.Message };
            }
            all &= line.Error is null;
            output.WriteLine(JsonSerializer.Serialize(line, InspectJson.Default.InspectedImage));
        }
        return all ? 0 : CommandLine.Failed;
    }

    private static IEnumerable<string> Expand(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path).Where(ImageFile.HasImageExtension).Order(StringComparer.Ordinal) : [path];

    private static string FreeName(string folder, string file, HashSet<string> used)
    {
        string stem = Path.GetFileNameWithoutExtension(file), name = stem;
        for (int i = 2; !used.Add(name); i++) name = $"{stem}-{i}";   // pictures of two folders may share a name
        return Path.Combine(folder, name + ".jpg");
    }
}

/// <param name="Score">Raw image score; null when the picture was not inspected.</param>
/// <param name="Error">Why the picture was not inspected.</param>
/// <param name="Normalised">With <c>--normalise</c>; <paramref name="Clipped"/> when the score lies outside the percentiles.</param>
internal sealed record InspectedImage(string File, float? Score, float Threshold, Verdict Verdict, string? Error = null, double? Normalised = null, bool? Clipped = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InspectedImage))]
internal sealed partial class InspectJson : JsonSerializerContext;
