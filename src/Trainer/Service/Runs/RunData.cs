using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Data.Quality;
using Edge.Training.Service.Configuration;

namespace Edge.Training.Service.Runs;

/// <summary>
/// The pictures of one run, in a folder of its own: <c>train/good</c>, the hold-out as <c>test</c>, and for methods that learn from defects <c>anomalies</c>. Made
/// once for a run, so that one that is taken up again goes on with the same.
/// </summary>
internal sealed record RunData(int Training, int HeldOut, int Anomalies)
{
    /// <param name="reviewed">Pictures that people have judged; their word counts more than the folder's.</param>
    /// <param name="folder">The run's; <c>data</c> and <c>anomalies</c> are made in it.</param>
    /// <exception cref="EdgeException">No normal pictures, or the disk does not allow it.</exception>
    public static RunData Assemble(ProductOptions product, IReadOnlyList<DataFile> reviewed, HoldOut holdOut, string folder, Terminal terminal, CancellationToken cancel)
    {
        string data = Path.Combine(folder, "data"), anomalies = Path.Combine(folder, "anomalies"), staged = Path.Combine(folder, "data.new");
        try
        {
            if (Directory.Exists(data)) return Count(data, anomalies);
            foreach (string rest in (string[])[staged, anomalies]) if (Directory.Exists(rest)) Directory.Delete(rest, recursive: true);
            Directory.CreateDirectory(staged);
            List<Picture> training = [], learned = [];
            Dictionary<string, string> held = holdOut.Labels();
            foreach ((Picture picture, bool test) in Known(product.Data!, reviewed, terminal, cancel))
            {
                cancel.ThrowIfCancellationRequested();
                if (held.ContainsKey(picture.Sha256) || test || HoldOut.Draws(picture.Sha256, product.HoldOut) || !(picture.IsNormal || product.Method == "fcdd")) holdOut.Put(picture);
                else (picture.IsNormal ? training : learned).Add(picture);
            }
            if (training.Count == 0) throw new EdgeException($"{product.Data} has no normal pictures to train on, beside the hold-out.");
            DatasetWriter writer = new(staged, LinkMode.WherePossible);
            foreach (Picture picture in training) writer.Add(picture.Path, "train", picture.Label, null);
            if (Directory.Exists(holdOut.Folder))
            {
                foreach (DataFile file in DataFolder.Files(holdOut.Folder)) writer.Add(file.Path, "test", file.Label, DataFolder.MaskOf(holdOut.Folder, file));
            }
            DatasetWriter learning = new(anomalies, LinkMode.WherePossible);
            foreach (Picture picture in learned) learning.Add(picture.Path, "test", picture.Label, picture.MaskPath);
            Directory.Move(staged, data);
            return Count(data, anomalies);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The run's pictures can't be put together in {folder}: {e.Message}", e);
        }
    }

    /// <summary>Every picture once, by content, with the last word about its label; and whether the data set itself keeps it for tests.</summary>
    private static IEnumerable<(Picture Picture, bool Test)> Known(string folder, IReadOnlyList<DataFile> reviewed, Terminal terminal, CancellationToken cancel)
    {
        IReadOnlyList<DataFile> files = DataFolder.Files(folder);
        DatasetLayout layout = new(Path.GetFullPath(folder), [], [], []);
        List<SkippedPicture> skipped = [];
        List<Picture> own = DatasetReader.Hash(files.Select(f => (f.Path, f.Label)), layout, skipped, cancel);
        List<Picture> judged = DatasetReader.Hash(reviewed.Select(r => (r.Path, r.Label)), layout, skipped, cancel);
        foreach (SkippedPicture s in skipped) terminal.Warn($"skipped {s.Path}: {s.Reason}");
        string tests = Path.Combine(Path.GetFullPath(folder), "test") + Path.DirectorySeparatorChar;
        HashSet<string> kept = [.. own.Where(p => p.Path.StartsWith(tests, StringComparison.Ordinal)).Select(p => p.Sha256)];
        Dictionary<string, Picture> last = [];
        foreach (Picture picture in own.Concat(judged)) last[picture.Sha256] = picture with { MaskPath = picture.MaskPath ?? (last.GetValueOrDefault(picture.Sha256) is { } before && before.Label == picture.Label ? before.MaskPath : null) };
        return last.Values.OrderBy(p => p.Sha256, StringComparer.Ordinal).Select(p => (p, kept.Contains(p.Sha256)));
    }

    private static RunData Count(string data, string anomalies) => new(
        Directory.EnumerateFiles(Path.Combine(data, "train/good")).Count(),
        Directory.Exists(Path.Combine(data, "test")) ? Directory.EnumerateFiles(Path.Combine(data, "test"), "*", SearchOption.AllDirectories).Count() : 0,
        Directory.Exists(Path.Combine(anomalies, "test")) ? Directory.EnumerateFiles(Path.Combine(anomalies, "test"), "*", SearchOption.AllDirectories).Count() : 0);
}
