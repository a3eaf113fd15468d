using CsCheck;
using Edge.Training.Methods.PatchCore;
using Xunit;

namespace Edge.Tests.Methods.PatchCore;

public sealed class GreedyCoresetTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 4000, 128, 1500)]
    [InlineData(2, 2999, 128, 2000)]
    [InlineData(3, 10_007, 32, 700)]
    public void Picks_exactly_what_the_plain_loop_picks(int seed, int count, int dimension, int picks)
    {
        float[] rows = Clusters(seed, count, dimension);
        Assert.Equal(Naive(rows, dimension, picks, seed), Select(rows, dimension, picks, first: seed, threads: 2));
    }

    [Theory]
    [InlineData(1, 3000, 64, 500, 900)]
    [InlineData(2, 700, 16, 300, 700)]
    [InlineData(3, 50, 8, 49, 50)]
    public void Going_on_from_other_rows_picks_what_the_plain_loop_picks(int seed, int count, int dimension, int before, int picks)
    {
        float[] rows = Clusters(seed, count, dimension);
        using PackedRows packed = Pack(rows, dimension);
        int[] start = [.. Enumerable.Range(0, before)];
        Assert.Equal(Naive(rows, dimension, picks, start), GreedyCoreset.Continue(packed, picks, start, 2, null, Ct));
    }

    [Fact]
    public void Any_small_set_with_duplicates_and_ties_is_picked_as_by_the_plain_loop() =>
        Gen.Select(Gen.Int[1, 300], Gen.Int[1, 37], Gen.Int[1, 400], Gen.Int[0, 6], Gen.Int[0, 1 << 20]).Sample((count, dimension, picks, levels, seed) =>
        {
            Random random = new(seed);
            // Few levels: many equal rows and many equal distances.
            float[] rows = [.. Enumerable.Range(0, count * dimension).Select(_ => levels == 0 ? random.NextSingle() * 100 - 50 : random.Next(levels))];
            int first = random.Next(count);
            Assert.Equal(Naive(rows, dimension, picks, first), Select(rows, dimension, picks, first, threads: 1));
        }, iter: 500);

    [Fact]
    public void Ends_when_every_row_is_a_copy_of_a_picked_one()
    {
        float[] rows = new float[1000 * 8];
        for (int i = 0; i < 1000; i++) rows[i * 8] = i % 5;
        int[] picks = Select(rows, 8, 100, first: 7, threads: 2);
        Assert.Equal(5, picks.Length);
        Assert.Equal(5, picks.Select(p => rows[p * 8]).Distinct().Count());
    }

    [Fact]
    public void More_picks_than_rows_are_all_rows() =>
        Assert.Equal(Enumerable.Range(0, 50), Select(Clusters(5, 50, 16), 16, 80, first: 3, threads: 2).Order());

    [Fact]
    public void Large_offsets_do_not_change_the_picks()
    {
        // |x|² + |c|² − 2 x·c loses everything here; the picks must not.
        float[] rows = Clusters(6, 2000, 64);
        for (int i = 0; i < rows.Length; i++) rows[i] = MathF.Round(rows[i] * 64) / 64 + 4096;
        Assert.Equal(Naive(rows, 64, 300, 0), Select(rows, 64, 300, first: 0, threads: 2));
    }

    [Fact]
    public void Can_be_cancelled()
    {
        using CancellationTokenSource source = new();
        using PackedRows rows = Pack(Clusters(7, 5000, 32), 32);
        Assert.ThrowsAny<OperationCanceledException>(() => GreedyCoreset.Select(rows, 5000, 0, 2, _ => source.Cancel(), source.Token));
    }

    /// <summary>Like patch embeddings: a few dense clouds of very different size, and outliers.</summary>
    private static float[] Clusters(int seed, int count, int dimension)
    {
        Random random = new(seed);
        float[] centers = [.. Enumerable.Range(0, 12 * dimension).Select(_ => random.NextSingle() * 6)];
        float[] rows = new float[count * dimension];
        for (int i = 0; i < count; i++)
        {
            int cluster = Math.Min(random.Next(12), random.Next(12));
            float spread = 0.1f + cluster * 0.2f;
            for (int k = 0; k < dimension; k++) rows[i * dimension + k] = centers[cluster * dimension + k] + spread * (random.NextSingle() + random.NextSingle() - 1);
        }
        return rows;
    }

    private static PackedRows Pack(float[] rows, int dimension)
    {
        PackedRows packed = new(rows.Length / dimension, dimension);
        packed.Write(0, rows);
        return packed;
    }

    private static int[] Select(float[] rows, int dimension, int count, int first, int threads)
    {
        using PackedRows packed = Pack(rows, dimension);
        return GreedyCoreset.Select(packed, count, first, threads, null, Ct);
    }

    /// <summary>Algorithm 1 of the paper, line by line; it stops when nothing is left to cover.</summary>
    private static List<int> Naive(float[] rows, int dimension, int count, params int[] start)
    {
        int n = rows.Length / dimension;
        float[] nearest = new float[n];
        Array.Fill(nearest, float.PositiveInfinity);
        List<int> picks = [.. start];
        for (int done = 0; picks.Count < count;)
        {
            int center = picks[done++], farthest = 0;
            for (int i = 0; i < n; i++)
            {
                float sum = 0;
                for (int k = 0; k < dimension; k++)
                {
                    float d = rows[i * dimension + k] - rows[center * dimension + k];
                    sum = MathF.FusedMultiplyAdd(d, d, sum);
                }
                nearest[i] = Math.Min(nearest[i], sum);
                if (nearest[i] > nearest[farthest]) farthest = i;
            }
            if (done < picks.Count) continue;
            if (nearest[farthest] == 0) break;
            picks.Add(farthest);
        }
        return picks;
    }
}
