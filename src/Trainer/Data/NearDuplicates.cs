using Edge.Training.Cli;
using Edge.Training.Data.Quality;

namespace Edge.Training.Data;

/// <summary>
/// Keeps nearly equal pictures on one side: a normal picture that is nearly one that tests or chooses the threshold is not trained on, and normal pictures
/// that are nearly the same are dealt together (<see cref="Picture.Group"/>). Where the part never moves all pictures are nearly the same; then nothing is left out.
/// </summary>
/// <param name="Normals">To train on and to hold out.</param>
/// <param name="Grouped">Pictures among them that are nearly another of them.</param>
/// <param name="LeftOut">Pictures that are nearly one kept apart.</param>
internal sealed record NearDuplicates(IReadOnlyList<Picture> Normals, int Grouped, int LeftOut)
{
    private const double MostLeftOut = 0.1;   // share of the normal pictures
    private const int Named = 3;

    /// <param name="apart">Pictures that are not trained on.</param>
    public static NearDuplicates Find(IReadOnlyList<Picture> normals, IReadOnlyList<Picture> apart, Terminal terminal, CancellationToken ct)
    {
        Dictionary<string, Picture> known = normals.Concat(apart).DistinctBy(p => p.Path).ToDictionary(p => p.Path);
        HashSet<string> mine = [.. normals.Select(p => p.Path)];
        List<SkippedPicture> unreadable = [];   // reported when they are read to learn from
        IReadOnlyList<ExaminedPicture> examined = Examination.Run([.. known.Values.Select(p => new DataFile(p.Path, p.Path, p.Label))], unreadable, terminal, ct);
        Groups groups = new(examined);
        Dictionary<string, string> group = [];
        List<(string Normal, string Apart)> leaks = [];
        List<(string First, string Second)> pairs = [];
        foreach (string[] like in Enumerable.Range(0, examined.Count).GroupBy(groups.Root).Select(g => g.Select(i => examined[i].File.Path).ToArray()).Where(g => g.Length > 1))
        {
            string[] trained = [.. like.Where(mine.Contains)];
            if (like.FirstOrDefault(p => !mine.Contains(p)) is { } other) leaks.AddRange(trained.Select(t => (t, other)));
            if (trained.Length < 2) continue;
            pairs.AddRange(trained[1..].Select(t => (trained[0], t)));
            foreach (string path in trained) group[path] = trained.Min(p => known[p].Sha256)!;
        }
        bool still = leaks.Count > MostLeftOut * normals.Count;   // the part does not move, or little is left
        if (leaks.Count > 0)
            terminal.Warn($"{leaks.Count} normal pictures are nearly the same as pictures that are tested on or choose the threshold; they are {(still ? "too many to be left out: figures may flatter" : "not trained on")}: {List(leaks)}");
        if (pairs.Count > 0) terminal.Warn($"{pairs.Count} normal pictures are nearly the same as another and stay on its side: {List(pairs)}");
        HashSet<string> left = [.. still ? [] : leaks.Select(l => l.Normal)];
        return new NearDuplicates([.. normals.Where(p => !left.Contains(p.Path)).Select(p => group.TryGetValue(p.Path, out string? key) ? p with { Group = key } : p)], pairs.Count, left.Count);
    }

    private static string List(IReadOnlyList<(string, string)> pairs) =>
        string.Join("; ", pairs.Take(Named).Select(p => $"{p.Item1} ≈ {p.Item2}")) + (pairs.Count > Named ? $"; and {pairs.Count - Named} more" : "");
}
