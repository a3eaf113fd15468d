using Edge.Training.Data;
using Edge.Training.Evaluation;

namespace Edge.Training.Cli;

/// <summary>How normal and anomalous scores lie, as text: one row of bars each over a common axis, the threshold marked.</summary>
internal static class ScoreChart
{
    private const int Bins = 60;
    private const string Bars = " ▁▂▃▄▅▆▇█";

    public static IEnumerable<string> Lines(IReadOnlyList<PictureScore> pictures, float threshold)
    {
        float low = Math.Min(threshold, pictures.Min(p => p.Score)), high = Math.Max(threshold, pictures.Max(p => p.Score));
        if (!(high > low)) return [];
        int BinOf(float score) => Math.Min(Bins - 1, (int)((double)(score - low) / (high - low) * Bins));
        string Row(string title, bool normal)
        {
            int[] counts = new int[Bins];
            foreach (PictureScore p in pictures) if (p.Label == Picture.NormalLabel == normal) counts[BinOf(p.Score)]++;
            int most = counts.Max();
            return $"{title,-9} │{string.Concat(counts.Select(c => Bars[c == 0 ? 0 : Math.Max(1, (int)Math.Round(8.0 * c / most))]))}│ {(most == 0 ? "none" : $"up to {most} a column")}";
        }
        return
        [
            Row("normal", true),
            Row("anomalous", false),
            $"{"score",-9}  {new string(' ', BinOf(threshold))}▲ threshold {threshold:G6}  ({low:G4} to {high:G4})",
        ];
    }
}
