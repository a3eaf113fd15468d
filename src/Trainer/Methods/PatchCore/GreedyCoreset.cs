namespace Edge.Training.Methods.PatchCore;

/// <summary>
/// Greedy k-center selection (PatchCore, algorithm 1): each pick is the row farthest from all rows picked before, ties to the
/// lowest index. Exact, yet with the memory traffic of a matrix product instead of one pass over all rows per pick:
/// <para>
/// Distances only shrink, so while some row of a short list is farther than every row outside the list was, the next pick is in
/// the list. Picks are made within the list (it fits the cache) until that no longer holds; only then all rows are compared with
/// the whole batch of new picks, by <see cref="CoresetDistances"/>.
/// </para>
/// Ends early when every row equals a picked one: more rows would add nothing.
/// </summary>
internal static class GreedyCoreset
{
    private const int ShortestList = 512, LongestList = 8192;   // rows
    private const int FewPicks = 64, ManyPicks = 512;           // of a batch; outside, the list grows or shrinks
    private const int Bins = 4096;

    /// <param name="first">Index of the first pick.</param>
    /// <param name="threads">0 = all cores.</param>
    /// <returns>Indices in the order of picking.</returns>
    public static int[] Select(PackedRows rows, int count, int first, int threads, Action<double>? progress, CancellationToken cancellation) =>
        count == 0 || rows.Count == 0 ? [] : Continue(rows, count, [first], threads, progress, cancellation);

    /// <param name="earlier">What was picked before, at least one.</param>
    /// <returns>Those, and then up to <paramref name="count"/> in all, in the order of picking.</returns>
    public static int[] Continue(PackedRows rows, int count, IEnumerable<int> earlier, int threads, Action<double>? progress, CancellationToken cancellation)
    {
        count = Math.Min(count, rows.Count);
        List<int> picks = [.. earlier];
        using CoresetDistances distances = new(rows, threads);
        int[] candidates = new int[LongestList];
        int list = ShortestList;
        for (int done = 0; ;)
        {
            cancellation.ThrowIfCancellationRequested();
            if (picks.Count >= count) return [.. picks];
            distances.Include(picks, from: done, cancellation);
            done = picks.Count;
            progress?.Invoke((double)done / count);

            (int listed, float outside) = ShortList(distances.Nearest, list, candidates);
            if (listed == 0)
            {
                // Every row is a copy of a picked one, or more rows than fit the list share the largest distance.
                if (outside == 0) return [.. picks];
                picks.Add(distances.Nearest.IndexOf(outside));
                continue;
            }
            PickFromList(rows, distances.Nearest, candidates.AsSpan(0, listed), outside, count, picks);
            int picked = picks.Count - done;
            if (picked < FewPicks) list = Math.Min(list * 2, LongestList);
            else if (picked > ManyPicks) list = Math.Max(list / 2, ShortestList);
        }
    }

    /// <summary>The farthest rows, at most <paramref name="length"/>, in index order, and the largest distance outside the list.</summary>
    private static (int Listed, float Outside) ShortList(ReadOnlySpan<float> nearest, int length, int[] candidates)
    {
        float largest = 0;
        foreach (float d in nearest) largest = Math.Max(largest, d);
        if (largest == 0) return (0, 0);
        Span<int> histogram = stackalloc int[Bins + 1];
        float scale = Bins / largest;
        foreach (float d in nearest) histogram[(int)(d * scale)]++;
        int bin = Bins + 1, listed = 0;
        while (bin > 0 && listed + histogram[bin - 1] <= length) listed += histogram[--bin];

        float outside = 0;
        int at = 0;
        for (int i = 0; i < nearest.Length; i++)
        {
            if ((int)(nearest[i] * scale) >= bin) candidates[at++] = i;
            else outside = Math.Max(outside, nearest[i]);
        }
        return (at, outside);
    }

    private static unsafe void PickFromList(
        PackedRows rows, ReadOnlySpan<float> nearest, ReadOnlySpan<int> candidates, float outside, int count, List<int> picks)
    {
        using PackedRows list = new(candidates.Length, rows.Dimension);
        float[] left = new float[list.Blocks * PackedRows.Lanes];
        for (int i = 0; i < candidates.Length; i++)
        {
            rows.CopyRow(candidates[i], list, i);
            left[i] = nearest[candidates[i]];
        }
        float* center = stackalloc float[rows.Dimension];
        fixed (float* distance = left)
        {
            while (picks.Count < count)
            {
                int farthest = 0;
                for (int i = 1; i < candidates.Length; i++)
                    if (distance[i] > distance[farthest]) farthest = i;
                if (distance[farthest] <= outside) return;
                picks.Add(candidates[farthest]);
                float* row = list.Block(farthest / PackedRows.Lanes) + farthest % PackedRows.Lanes;
                for (int k = 0; k < rows.Dimension; k++) center[k] = row[k * PackedRows.Lanes];
                for (int block = 0; block < list.Blocks; block++)
                    SquaredDistance.Lower(list.Block(block), center, rows.Dimension, distance + block * PackedRows.Lanes, outside);
            }
        }
    }
}
