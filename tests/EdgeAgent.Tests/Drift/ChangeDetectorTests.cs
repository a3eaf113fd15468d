using Edge.Agent.Drift;
using Edge.Scoring;
using Xunit;

namespace Edge.Tests.Drift;

/// <summary>The change detector against a naive computation, and its false alarms and delays against what is stated (docs/decisions.md), by simulation with fixed seeds.</summary>
public sealed class ChangeDetectorTests(ITestOutputHelper output)
{
    /// <summary>From ranks among all earlier values, and R as the sum over every possible start of the change: no recursion, no urn.</summary>
    [Fact]
    public void Evidence_equals_the_naive_sum()
    {
        Random random = new(1);
        double[] reference = [.. Enumerable.Range(0, 99).Select(_ => random.NextDouble())];
        ReferenceBins bins = ReferenceBins.Of(((double[])reference.Clone()).AsSpan())!;
        Assert.Equal([10.0, 10, 10, 10, 10, 10, 10, 10, 10, 10], bins.Slots);
        ChangeDetector detector = new(bins, 1e9);
        (double Shift, double Spread)[] bets = [(0.25, 0), (-0.25, 0), (0.5, 0), (-0.5, 0), (1, 0), (-1, 0), (2, 0), (-2, 0), (0, 0.3), (0, 0.6), (0, -0.5), (0, -1.5)];
        List<double>[] factors = [.. bets.Select(_ => new List<double>())];
        List<double> all = [.. reference];
        for (int t = 0; t < 60; t++)
        {
            double value = random.NextDouble() + (t > 30 ? 0.2 : 0);
            detector.Observe(value);
            int count = bins.Slots.Length;
            int[] inside = [.. Enumerable.Range(0, count).Select(j => all.Count(v => (j == 0 || v >= bins.Edges[j - 1]) && (j == count - 1 || v < bins.Edges[j])))];
            inside[0]++;   // n values leave n + 1 slots: each edge is itself one of the values, the first bin has the slot below it
            Assert.Equal(all.Count + 1, inside.Sum());
            int bin = bins.Edges.Count(e => value >= e);
            for (int b = 0; b < bets.Length; b++)
            {
                double[] tilt = [.. Enumerable.Range(0, count).Select(j => Math.Log((j + 0.5) / count / (1 - (j + 0.5) / count)) / 1.702).Select(z => Math.Exp(bets[b].Shift * z + bets[b].Spread * (z * z - 1) / 2))];
                double[] odds = [.. inside.Select(i => (double)i / (all.Count + 1))], e = [.. tilt.Select(w => w / odds.Zip(tilt, (p, q) => p * q).Sum())];
                Assert.Equal(1, odds.Zip(e, (p, f) => p * f).Sum(), 12);   // a fair bet
                factors[b].Add(e[bin]);
            }
            all.Add(value);
        }
        double naive = factors.Average(f => Enumerable.Range(0, f.Count).Sum(start => f.Skip(start).Aggregate(1.0, (product, e) => product * e)));
        Assert.Equal(naive, detector.Evidence, naive * 1e-9);
    }

    [Theory]
    [InlineData(20, false)]
    [InlineData(100, false)]
    [InlineData(100, true)]
    [InlineData(1000, true)]
    public void False_alarms_are_as_rare_as_stated(int calibration, bool truncated)
    {
        const int Limit = 200, Runs = 400, Cap = 4000;
        Random random = new(2);
        double sum = 0, squares = 0;
        for (int run = 0; run < Runs; run++)
        {
            ChangeDetector detector = Calibrated(random, calibration, Limit, truncated, out float threshold);
            int t = 0;
            while (t++ < Cap && !detector.Observe(Accepted(random, threshold))) { }
            double length = Math.Min(t, Cap);
            sum += length;
            squares += length * length;
        }
        double mean = sum / Runs, error = Math.Sqrt((squares / Runs - mean * mean) / Runs);
        output.WriteLine($"{calibration} calibration scores{(truncated ? ", accepted parts only" : "")}: {mean:0} ± {error:0} parts until the first false alarm (runs end at {Cap}), stated {Limit}");
        Assert.True(mean - 3 * error > Limit, $"{mean} ± {error} parts between false alarms, stated are {Limit}");
    }

    [Theory]
    [InlineData(100, 2000, 2.0, 60)]
    [InlineData(100, 2000, 1.0, 120)]
    [InlineData(100, 2000, 0.5, 400)]
    [InlineData(100, 0, 2.0, 60)]
    [InlineData(1000, 0, 1.0, 120)]
    [InlineData(1000, 0, 0.5, 400)]
    public void Changes_are_found_soon(int calibration, int before, double shift, int within)
    {
        Random random = new(3);
        List<int> delays = [];
        Dictionary<Direction, int> directions = [];
        for (int run = 0; run < 101; run++)
        {
            ChangeDetector detector = Calibrated(random, calibration, 1_000_000, truncated: false, out _);
            for (int t = 0; t < before; t++) Assert.False(detector.Observe(Normal(random)));
            int delay = 1;
            while (delay < 5000 && !detector.Observe(Normal(random) + shift)) delay++;
            delays.Add(delay);
            directions[detector.Direction] = directions.GetValueOrDefault(detector.Direction) + 1;
        }
        delays.Sort();
        output.WriteLine($"{calibration} calibration scores, {before} parts, then {shift} standard deviations higher: found after {delays[50]} parts (median), {delays[90]} (90 %)");
        Assert.InRange(delays[50], 1, within);
        Assert.True(directions.GetValueOrDefault(Direction.Higher) > 90, string.Join(", ", directions));
    }

    [Fact]
    public void What_is_flagged_stays_until_it_is_over_and_survives_a_restart()
    {
        Random random = new(4);
        ChangeDetector detector = Calibrated(random, 200, 1_000_000, truncated: false, out _);
        for (int t = 0; t < 1000; t++) detector.Observe(Normal(random));
        for (int t = 0; t < 5000; t++) detector.Observe(Normal(random) + 1);
        Assert.True(detector.Flagged);   // it did not learn the fault
        DetectorState state = detector.State;
        ChangeDetector again = new(new ReferenceBins(state.Edges, state.Slots), 1_000_000, state);
        Assert.True(again.Flagged);
        Assert.Equal(detector.Evidence, again.Evidence);
        int over = 1;
        while (!again.Observe(Normal(random))) Assert.InRange(over++, 1, 500);
        output.WriteLine($"over after {over} parts");
        Assert.False(again.Flagged);
    }

    [Fact]
    public void A_value_costs_no_memory()
    {
        Random random = new(5);
        ChangeDetector detector = Calibrated(random, 100, 1000, truncated: false, out _);
        double[] values = [.. Enumerable.Range(0, 10_000).Select(_ => Normal(random))];
        detector.Observe(values[0]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (double value in values) detector.Observe(value);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Scores_that_do_not_differ_say_nothing() => Assert.Null(ReferenceBins.Of(ScoreStatistics.Of([5, 5, 5, 5, 5]), 6));

    private static ChangeDetector Calibrated(Random random, int count, double limit, bool truncated, out float threshold)
    {
        float[] scores = [.. Enumerable.Range(0, count).Select(_ => (float)Normal(random))];
        threshold = truncated ? scores.Order().ElementAt((int)(0.98 * count)) : float.PositiveInfinity;
        return new ChangeDetector(ReferenceBins.Of(ScoreStatistics.Of(scores), threshold)!, limit);
    }

    private static double Accepted(Random random, float threshold)
    {
        while (true) if (Normal(random) is var value && value < threshold) return value;
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
