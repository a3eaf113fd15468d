using Edge.Agent.Models;
using Edge.Imaging;
using Edge.Packages;

namespace Edge.Benchmarks;

/// <summary>
/// What a shadow costs the verdicts of the line that it shadows: time of parts in turn with and without one, pair by pair, for a shadow that takes the same
/// picture. The package of <c>EDGE_PACKAGE</c> runs, a copy of it is the shadow.
/// </summary>
internal static class ShadowBenchmark
{
    private const int Block = 40;

    public static void Run(string packageFolder) => RunAsync(PackageStore.OpenAny(packageFolder)).GetAwaiter().GetResult();

    private static async Task RunAsync(Package package)
    {
        string folder = Directory.CreateTempSubdirectory("edge-benchmark-").FullName;
        try
        {
            string models = Path.Combine(folder, "models"), picture = Path.Combine(folder, "part.bmp"), name = package.Manifest.Name;
            PackageStore store = new(models);
            for (int version = 1; version <= 2; version++) Copy(package, store, setCurrent: version == 1);
            ImageBuffer golden = new();
            ImageFile.Read(package.GoldenPath(package.Golden.Images[0]), golden);
            File.WriteAllBytes(picture, ImageFile.Encode(".bmp", golden.Pixels, golden.Width, golden.Height, golden.Format));

            string beside = Path.Combine(folder, "beside");
            Directory.CreateDirectory(beside);
            foreach (int version in (int[])[1, 2]) Copy(package, new PackageStore(beside), setCurrent: version == 1);
            new PackageStore(beside).SetShadow(name, 2);

            await using BenchmarkedLine plain = await BenchmarkedLine.StartAsync(models, name, picture, 1).ConfigureAwait(false);
            await using BenchmarkedLine with = await BenchmarkedLine.StartAsync(beside, name, picture, 1).ConfigureAwait(false);
            SpinWait.SpinUntil(() => with.Agent.Stations[0].Shadow.Status.State == ModelState.Running);
            Ratio ratio = Paired.Measure(() => with.InTurn(Block), () => plain.InTurn(Block), pairs: 15, warmUp: 2);
            Agent.Shadow.ShadowReport report = with.Agent.Stations[0].Shadow.Report!;
            Console.WriteLine($"shadow, {package.Manifest.Backbone.Name}: time for {Block} parts in turn with a shadow / without = {ratio}; the shadow saw {report.Parts} and missed {report.Missed}, "
                + $"its time / the running model's = {report.Candidate.MeanMs / report.Running.MeanMs:F2}, the same verdict for {report.Same}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Copy(Package package, PackageStore store, bool setCurrent)
    {
        using PackageDraft draft = store.Begin(package.Manifest.Name);
        foreach (string file in package.Manifest.Files.Keys)
        {
            string to = Path.Combine(draft.Folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(Path.Combine(package.Folder, file), to);
        }
        draft.Publish((version, files) => package.Manifest with { Version = version, Files = files }, setCurrent);
    }
}
