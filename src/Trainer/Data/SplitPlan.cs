using Edge.Training.Data.Quality;

namespace Edge.Training.Data;

/// <summary>What a picture is for.</summary>
internal enum Part
{
    None = 0,
    Train,
    Validation,
    Test,
}

/// <summary>
/// Deals pictures out by content: names, order and folders don't matter, and adding pictures moves few of the others. Near
/// duplicates go together, or the model would be tested on what it was trained on. Anomalous pictures, and normal ones that are
/// nearly the same picture as an anomalous one, are never trained on.
/// </summary>
/// <param name="Train">Fraction of the normal pictures.</param>
/// <param name="Validation">Fraction of all pictures: for the threshold. The rest tests.</param>
internal sealed record SplitPlan(double Train, double Validation)
{
    /// <summary>The part of each picture; <see cref="Part.None"/> for a second copy, and for all copies of a picture with two labels.</summary>
    public Part[] Deal(IReadOnlyList<ExaminedPicture> pictures)
    {
        Part[] parts = new Part[pictures.Count];
        HashSet<string> contradictory = [.. pictures.GroupBy(p => p.Sha256).Where(g => g.Select(p => p.File.Label).Distinct().Count() > 1).Select(g => g.Key)];
        HashSet<string> seen = [];
        int[] used = [.. Enumerable.Range(0, pictures.Count).Where(i => !contradictory.Contains(pictures[i].Sha256) && seen.Add(pictures[i].Sha256))];
        Groups groups = new(pictures);
        // A group is dealt with the anomalous ones when one of it is; its key is its smallest hash, whichever picture comes first.
        var dealt = used.GroupBy(groups.Root).Select(g => (
            Members: g.ToArray(),
            Label: g.Select(i => pictures[i].File.Label).OrderBy(l => l == Picture.NormalLabel).ThenBy(l => l, StringComparer.Ordinal).First(),
            Key: g.Min(i => pictures[i].Sha256)!));
        foreach (var label in dealt.GroupBy(g => g.Label))
        {
            bool normal = label.Key == Picture.NormalLabel;
            int all = label.Sum(g => g.Members.Length), done = 0;
            double train = normal ? Train : 0, validation = normal ? Validation : Validation / (1 - Train);
            foreach (var group in label.OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                double at = (done + 0.5 * group.Members.Length) / all;   // where the group's middle falls
                Part part = at < train ? Part.Train : at < train + validation ? Part.Validation : Part.Test;
                foreach (int i in group.Members) parts[i] = part;
                done += group.Members.Length;
            }
        }
        return parts;
    }
}
