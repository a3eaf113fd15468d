using Edge.Scoring;

namespace Edge.Agent.Drift;

/// <summary>
/// Bins between order statistics of a reference sample. n values leave n + 1 slots, and whatever continuous distribution they came from, the next value of the same
/// one falls into each slot with the same probability: so a bin's number of slots is its weight, without knowing the distribution.
/// </summary>
/// <param name="Edges">Ascending; bin j holds values in [Edges[j − 1], Edges[j]).</param>
/// <param name="Slots">One for each bin, one more than edges.</param>
internal sealed record ReferenceBins(double[] Edges, double[] Slots)
{
    private const double Fewest = 1.5;   // slots of a bin

    /// <summary>Bins of the package's calibration scores; an edge between two order statistics takes its share of their slot.</summary>
    /// <param name="limit">Only scores below it will come (accepted parts): the bins end there.</param>
    /// <returns>Null when the scores do not differ enough to tell anything.</returns>
    public static ReferenceBins? Of(ScoreStatistics normals, double limit)
    {
        List<(double Edge, double Below)> marks = [.. ScoreStatistics.Levels.Select((level, i) => (normals.Quantiles[i], level * (normals.Count - 1) + 1))];
        return Make(marks, SlotsBelow(marks, limit, normals.Count), limit);
    }

    /// <summary>Bins of ten slots between order statistics of a sample.</summary>
    /// <param name="sample">Is sorted here.</param>
    public static ReferenceBins? Of(Span<double> sample)
    {
        sample.Sort();
        List<(double, double)> marks = [];
        for (int i = 9; i < sample.Length; i += 10) marks.Add((sample[i], i + 1));
        return Make(marks, sample.Length + 1, double.PositiveInfinity);
    }

    public int Find(double value)
    {
        int bin = 0;
        while (bin < Edges.Length && value >= Edges[bin]) bin++;
        return bin;
    }

    private static ReferenceBins? Make(List<(double Edge, double Below)> marks, double all, double limit)
    {
        List<double> edges = [], slots = [];
        double taken = 0;
        foreach ((double edge, double below) in marks)
        {
            if (edge >= limit || below - taken < Fewest || all - below < Fewest || (edges.Count > 0 && edge <= edges[^1])) continue;
            edges.Add(edge);
            slots.Add(below - taken);
            taken = below;
        }
        slots.Add(all - taken);
        return edges.Count > 0 && marks[^1].Edge > marks[0].Edge ? new ReferenceBins([.. edges], [.. slots]) : null;
    }

    private static double SlotsBelow(List<(double Edge, double Below)> marks, double limit, int count)
    {
        if (limit > marks[^1].Edge) return count + 1;
        int i = marks.FindIndex(m => m.Edge >= limit);
        if (i <= 0) return marks[0].Below;
        (double low, double below) = marks[i - 1];
        return below + (limit - low) / (marks[i].Edge - low) * (marks[i].Below - below);
    }
}
