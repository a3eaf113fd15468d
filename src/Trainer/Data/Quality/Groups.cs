namespace Edge.Training.Data.Quality;

/// <summary>Pictures that show the same exposure or nearly so, chained: a like b and b like c are one group.</summary>
internal sealed class Groups
{
    private readonly int[] parent;

    public Groups(IReadOnlyList<ExaminedPicture> pictures)
    {
        parent = [.. Enumerable.Range(0, pictures.Count)];
        int[] byMean = [.. Enumerable.Range(0, pictures.Count).OrderBy(i => pictures[i].Fingerprint.Mean)];
        for (int a = 0; a < byMean.Length; a++)
        {
            Fingerprint first = pictures[byMean[a]].Fingerprint;
            for (int b = a + 1; b < byMean.Length && pictures[byMean[b]].Fingerprint.Mean - first.Mean <= Fingerprint.Rms; b++)
            {
                if (Root(byMean[a]) != Root(byMean[b]) && first.IsNear(pictures[byMean[b]].Fingerprint)) Join(byMean[a], byMean[b]);
            }
        }
    }

    /// <summary>The first picture of the group, in the order given.</summary>
    public int Root(int i)
    {
        while (parent[i] != i) i = parent[i] = parent[parent[i]];
        return i;
    }

    private void Join(int a, int b)
    {
        (a, b) = (Root(a), Root(b));
        parent[Math.Max(a, b)] = Math.Min(a, b);
    }
}
