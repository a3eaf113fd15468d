using System.Diagnostics;

namespace Edge.Benchmarks;

/// <summary>
/// Times two pieces of work in turn, A B A B …, in one process, and compares them pair by pair: a machine that slows down
/// for a while slows both, and the median ratio stands. (A harness that runs all of A before all of B measures the drift too.)
/// </summary>
internal static class Paired
{
    public static Ratio Measure(Action a, Action b, int pairs = 51, int warmUp = 5)
    {
        for (int i = 0; i < warmUp; i++)
        {
            a();
            b();
        }
        double[] ta = new double[pairs], tb = new double[pairs], ratios = new double[pairs];
        for (int i = 0; i < pairs; i++)
        {
            // Who goes first alternates: the second of a pair may find warmer caches.
            if (i % 2 == 0) (ta[i], tb[i]) = (Time(a), Time(b));
            else (tb[i], ta[i]) = (Time(b), Time(a));
            ratios[i] = ta[i] / tb[i];
        }
        Array.Sort(ta);
        Array.Sort(tb);
        Array.Sort(ratios);
        return new Ratio(ratios[pairs / 2], ratios[pairs / 4], ratios[3 * pairs / 4], ta[pairs / 2], tb[pairs / 2], pairs);
    }

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}

/// <param name="Median">Median of A/B over the pairs, and its quartiles.</param>
/// <param name="A">Median time of A, ms.</param>
/// <param name="B">Median time of B, ms.</param>
internal sealed record Ratio(double Median, double Low, double High, double A, double B, int Pairs)
{
    public override string ToString() => $"{Median:F3} (quartiles {Low:F3}–{High:F3}, {Pairs} pairs; medians {A:F3} ms and {B:F3} ms)";
}
