using System.Globalization;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Cli;
using Edge.Training.Methods;
using TorchSharp;

namespace Edge.Training.Data.Quality;

/// <summary>Normal pictures that score like anomalies: perhaps somebody sorted them wrongly.</summary>
internal static class LabelSuspects
{
    /// <summary>Below this, half of the pictures do not say what is normal.</summary>
    public const int Fewest = 16;

    /// <summary>Standard deviations of the logarithm: half of the planted mistakes are found, and a person looks at few others.</summary>
    private const double Spreads = 3;

    private static readonly InputSpec Input = new() { Width = 256, Height = 256 };

    /// <summary>Those that a package rejects, highest score first.</summary>
    public static IReadOnlyList<CheckFinding> Of(Package package, IReadOnlyList<ExaminedPicture> pictures, Terminal terminal, CancellationToken ct)
    {
        using AnomalyDetector detector = AnomalyDetector.Load(package);
        float threshold = package.Manifest.Calibration.Threshold;
        Dictionary<string, float> scores = terminal.Progress("scoring normal pictures", progress => Scores(Normal(pictures), package.Manifest.Input, rgb =>
        {
            rgb.CopyTo(detector.Input);
            return detector.Run();
        }, progress, terminal, ct));
        // A score that is no number is suspect too.
        return Findings(pictures, scores, s => !(s < threshold), s => string.Create(CultureInfo.InvariantCulture, $"score {s:G6}, threshold {threshold:G6}"));
    }

    /// <summary>
    /// Without a package: each half of the pictures is scored by a small PatchCore that learnt from the other half, near duplicates on one side.
    /// Suspect is a score far outside the spread of all of them; a group of alike mistakes large enough to be in both halves is not found.
    /// </summary>
    /// <exception cref="EdgeException">Fewer than <see cref="Fewest"/> normal pictures.</exception>
    public static IReadOnlyList<CheckFinding> CrossValidated(IReadOnlyList<ExaminedPicture> pictures, Terminal terminal, CancellationToken ct)
    {
        ExaminedPicture[] normal = [.. pictures.Where(p => p.File.Label == Picture.NormalLabel).DistinctBy(p => p.Sha256)];
        if (normal.Length < Fewest) throw new EdgeException($"{normal.Length} normal pictures are too few to judge each by others.");
        TorchRuntime.Start(0);
        Groups groups = new(normal);
        int[] roots = [.. Enumerable.Range(0, normal.Length).Select(groups.Root).Distinct().OrderBy(r => normal[r].Sha256, StringComparer.Ordinal)];
        ILookup<bool, Picture> halves = Enumerable.Range(0, normal.Length)
            .ToLookup(i => Array.IndexOf(roots, groups.Root(i)) % 2 == 0, i => Normal([normal[i]])[0]);
        Dictionary<string, float> scores = [];
        foreach (bool half in (bool[])[true, false])
        {
            using DetectionMethod method = MethodArguments.Create("patchcore", ["--quick"], threads: 0, seed: 0);
            method.Fit([.. halves[half]], new TrainingContext(Input, Strict: false, [], terminal, ct));
            terminal.Progress($"scoring half {(half ? 1 : 2)} of the normal pictures", progress =>
            {
                foreach ((string path, float score) in Scores([.. halves[!half]], Input, rgb => Score(method, rgb), progress, terminal, ct)) scores[path] = score;
                return 0;
            });
        }
        (double usual, double spread) = UsualQuality.Usual(scores.Values.Select(s => Math.Log(s)));
        double limit = Math.Exp(usual + Spreads * spread);
        return Findings(pictures, scores, s => !(s < limit), s => string.Create(CultureInfo.InvariantCulture, $"differs {s / Math.Exp(usual):0.0} times as much from the other normal pictures as usual"));
    }

    private static float Score(DetectionMethod method, byte[] rgb)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        return method.Score(torch.from_array(rgb).reshape(1, Input.Height, Input.Width, 3)).Score.item<float>();
    }

    private static Dictionary<string, float> Scores(
        Picture[] pictures, InputSpec input, Func<byte[], float> score, Progress progress, Terminal terminal, CancellationToken ct)
    {
        Dictionary<string, float> scores = [];
        foreach (LoadedPicture picture in PictureLoader.Stream(pictures, input, strict: false, [], terminal, ct))
        {
            scores[picture.Picture.Path] = score(picture.Rgb);
            progress.Report((double)scores.Count / pictures.Length);
        }
        return scores;
    }

    private static Picture[] Normal(IEnumerable<ExaminedPicture> pictures) =>
        [.. pictures.Where(p => p.File.Label == Picture.NormalLabel).Select(p => new Picture(p.File.Path, Picture.NormalLabel, null, p.Sha256))];

    private static CheckFinding[] Findings(IReadOnlyList<ExaminedPicture> pictures, Dictionary<string, float> scores, Func<float, bool> suspect, Func<float, string> words) =>
        [.. pictures.Where(p => scores.ContainsKey(p.File.Path)).Select(p => (p.File.Name, Score: scores[p.File.Path])).Where(p => suspect(p.Score))
            .OrderByDescending(p => p.Score).Select(p => new CheckFinding(p.Name, Finding.MislabelledSuspect, words(p.Score)))];
}
