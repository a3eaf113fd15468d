using System.Security.Cryptography;
using Edge.Training.Cli;

namespace Edge.Training.Data;

/// <summary>Hashes the files of a layout and takes out what must not be there: unreadable files, duplicates, test pictures in training.</summary>
internal static class DatasetReader
{
    private const int Named = 5;

    public static Dataset Read(DatasetLayout layout, bool strict, Terminal terminal, CancellationToken ct)
    {
        foreach (string ignored in layout.Ignored) terminal.Warn($"ignored: {ignored}");
        List<SkippedPicture> skipped = [];
        List<DuplicatePicture> duplicates = [];
        List<Picture> train = Unique(Hash(layout.Train.Select(f => (f, Picture.NormalLabel)), layout, skipped, ct), duplicates);
        List<Picture> test = Unique(
            WithoutContradictions(Hash(layout.Test.SelectMany(t => t.Files.Select(f => (f, t.Label))), layout, skipped, ct), skipped), duplicates);

        Dictionary<string, Picture> inTest = test.ToDictionary(p => p.Sha256);
        List<(Picture Train, Picture Test)> leaks = [.. train.Where(p => inTest.ContainsKey(p.Sha256)).Select(p => (p, inTest[p.Sha256]))];
        train.RemoveAll(p => inTest.ContainsKey(p.Sha256));

        if (leaks.Count > 0)
        {
            terminal.Warn($"{leaks.Count} training pictures are also test pictures and are not trained on: "
                + List(leaks.Select(l => $"{l.Train.Path} = {l.Test.Path}")));
        }
        if (duplicates.Count > 0) terminal.Warn($"{duplicates.Count} duplicates left out: {List(duplicates.Select(d => $"{d.Dropped} = {d.Kept}"))}");
        foreach (SkippedPicture s in skipped) terminal.Warn($"skipped {s.Path}: {s.Reason}");
        if (strict && skipped.Count > 0) throw new EdgeException($"{skipped[0].Path}: {skipped[0].Reason} (--strict stops at the first such picture)");
        return new Dataset { Folder = layout.Folder, Train = train, Test = test, Skipped = skipped, Duplicates = duplicates };
    }

    public static List<Picture> Hash(
        IEnumerable<(string File, string Label)> files, DatasetLayout layout, List<SkippedPicture> skipped, CancellationToken ct)
    {
        (string File, string Label)[] all = [.. files];
        string?[] hashes = new string?[all.Length], reasons = new string?[all.Length];
        Parallel.For(0, all.Length, new ParallelOptions { CancellationToken = ct }, i =>
        {
            try
            {
                using FileStream file = new(all[i].File, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
                if (file.Length == 0) reasons[i] = "the file is empty";
                else hashes[i] = Convert.ToHexStringLower(SHA256.HashData(file));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                reasons[i] = e.Message;
            }
        });
        List<Picture> pictures = new(all.Length);
        for (int i = 0; i < all.Length; i++)
        {
            (string file, string label) = all[i];
            if (hashes[i] is string hash) pictures.Add(new Picture(file, label, label == Picture.NormalLabel ? null : layout.MaskOf(label, file), hash));
            else skipped.Add(new SkippedPicture(file, reasons[i]!));
        }
        return pictures;
    }

    private static List<Picture> Unique(List<Picture> pictures, List<DuplicatePicture> duplicates)
    {
        Dictionary<string, Picture> kept = [];
        return pictures.FindAll(p =>
        {
            if (kept.TryAdd(p.Sha256, p)) return true;
            duplicates.Add(new DuplicatePicture(kept[p.Sha256].Path, p.Path));
            return false;
        });
    }

    /// <summary>The same picture as normal and as anomalous (or as two defects): no label can be believed, all copies go.</summary>
    private static List<Picture> WithoutContradictions(List<Picture> pictures, List<SkippedPicture> skipped)
    {
        Dictionary<string, Picture> first = [];
        HashSet<string> contradictory = [];
        foreach (Picture p in pictures)
        {
            if (!first.TryAdd(p.Sha256, p) && first[p.Sha256].Label != p.Label) contradictory.Add(p.Sha256);
        }
        foreach (Picture p in pictures.Where(p => contradictory.Contains(p.Sha256)))
        {
            skipped.Add(new SkippedPicture(p.Path, "the same picture is also under another label"));
        }
        return pictures.FindAll(p => !contradictory.Contains(p.Sha256));
    }

    private static string List(IEnumerable<string> items)
    {
        string[] all = [.. items];
        return string.Join("; ", all.Take(Named)) + (all.Length > Named ? $"; and {all.Length - Named} more" : "");
    }
}
