using Edge.Training.Methods.PatchCore;
using Xunit;

namespace Edge.Tests.Methods.PatchCore;

public sealed class BankStorageTests
{
    private const int Dimension = 12;

    private static float[] Rows(int count)
    {
        Random random = new(count);
        // Dimensions of very different size, the last one always 0.
        return [.. Enumerable.Range(0, count * Dimension).Select(i => i % Dimension == Dimension - 1 ? 0 : (random.NextSingle() - 0.5f) * MathF.Pow(3, i % Dimension))];
    }

    [Fact]
    public void Int8_is_within_half_a_step_of_each_dimension_and_rounding_twice_changes_nothing()
    {
        float[] rows = Rows(500);
        StoredRows stored = StoredRows.Of(rows, Dimension, BankStorage.Int8);
        for (int k = 0; k < Dimension; k++)
        {
            float largest = Enumerable.Range(0, 500).Max(r => Math.Abs(rows[r * Dimension + k])), step = largest / 127;
            for (int r = 0; r < 500; r++) Assert.InRange(Math.Abs(stored.Values[r * Dimension + k] - rows[r * Dimension + k]), 0, step * 0.5001f);
            Assert.Contains(Enumerable.Range(0, 500), r => Math.Abs(stored.Values[r * Dimension + k]) == stored.Scale[k] * 127 || largest == 0);
        }
        Assert.Equal(stored.Values, StoredRows.Of(stored.Values, Dimension, BankStorage.Int8).Values);
    }

    [Fact]
    public void Float16_keeps_eleven_bits_and_refuses_what_it_cannot_hold()
    {
        float[] rows = Rows(200), stored = StoredRows.Of(rows, Dimension, BankStorage.Float16).Values;
        for (int i = 0; i < rows.Length; i++) Assert.InRange(Math.Abs(stored[i] - rows[i]), 0, Math.Max(Math.Abs(rows[i]) / 2048, 6e-8f));
        rows[7] = 70_000;
        Assert.Contains("--bank float32", Assert.Throws<EdgeException>(() => StoredRows.Of(rows, Dimension, BankStorage.Float16)).Message, StringComparison.Ordinal);
    }
}
