using CsCheck;
using Edge.Training.Methods.PatchCore;
using Xunit;

namespace Edge.Tests.Methods.PatchCore;

public sealed class MemoryBankTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1500, 24)]
    [InlineData(40, 3)]
    [InlineData(5, 8)]
    [InlineData(1, 4)]
    public void Neighbours_are_the_row_itself_and_then_the_nearest_others(int count, int dimension)
    {
        Random random = new(count);
        float[] rows = [.. Enumerable.Range(0, count * dimension).Select(_ => random.NextSingle() * 10)];
        MemoryBank bank = MemoryBank.Of(rows, dimension, MemoryBank.UsualNeighbours, Ct);
        Assert.Equal(Math.Min(9, count), bank.NeighbourCount);
        for (int row = 0; row < count; row++)
        {
            double[] distances = [.. Enumerable.Range(0, count).Select(other => Distance(rows, dimension, row, other))];
            int[] found = [.. bank.Neighbours.AsSpan(row * bank.NeighbourCount, bank.NeighbourCount)];
            Assert.Equal(row, found[0]);
            Assert.Equal(found.Length, found.Distinct().Count());
            double[] expected = [.. distances.Order().Take(found.Length)];
            for (int i = 0; i < found.Length; i++) Assert.Equal(expected[i], distances[found[i]], 1e-4);
        }
    }

    [Fact]
    public void A_row_is_its_own_first_neighbour_also_among_copies()
    {
        MemoryBank bank = MemoryBank.Of([.. Enumerable.Repeat(1f, 12 * 4)], 4, 9, Ct);
        for (int row = 0; row < 12; row++) Assert.Equal(row, bank.Neighbours[row * 9]);
    }

    [Fact]
    public void The_bank_keeps_to_ratio_budget_and_patches() =>
        Gen.Select(Gen.Int[1, 200_000], Gen.Int[1, 1024], Gen.Double[0.001, 1], Gen.Long[1, 1L << 28], Gen.Int[2, 64], Gen.Bool, Gen.Enum<BankStorage>()).Sample((patches, dimension, ratio, memory, neighbours, reweighting, storage) =>
        {
            PatchCoreOptions options = new() { CoresetRatio = ratio, MemoryBytes = memory, Neighbours = neighbours, Reweighting = reweighting, Bank = storage };
            long perRow = MemoryBank.BytesPerRow(dimension, reweighting ? neighbours : 0, storage);
            int least = Math.Min(reweighting ? neighbours : 1, patches);
            if (memory < least * perRow)
            {
                Assert.Contains($"{least * perRow} bytes", Assert.Throws<EdgeException>(() => options.BankRows(patches, dimension)).Message, StringComparison.Ordinal);
                return;
            }
            int rows = options.BankRows(patches, dimension);
            Assert.InRange(rows, least, patches);
            Assert.True(rows * perRow <= memory && (rows <= ratio * patches || rows == least));
            Assert.True(rows + 1 > ratio * patches || (rows + 1) * perRow > memory || rows == patches, "not more than it must be smaller");
        });

    private static double Distance(float[] rows, int dimension, int a, int b)
    {
        double sum = 0;
        for (int k = 0; k < dimension; k++) sum += Math.Pow((double)rows[a * dimension + k] - rows[b * dimension + k], 2);
        return Math.Sqrt(sum);
    }
}
